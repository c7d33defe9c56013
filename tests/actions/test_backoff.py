from hypothesis import given
from hypothesis import strategies as st

from actions.backoff import LONGEST_RETRY_AFTER_S, Backoff
from actions.token_bucket import TokenBucket


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_longer_than_its_bound(failures: int, chance: float):
    delay_s = Backoff(base_s=1.0, cap_s=60.0).delay_s(failures, chance)
    assert 0 <= delay_s <= min(60.0, 2.0 ** min(failures - 1, 10))


@given(st.integers(1, 20), st.floats(0, 1, exclude_max=True), st.floats(0, 1e9))
def test_the_receiver_s_wish_is_honoured_within_reason(failures: int, chance: float, wish_s: float):
    assert Backoff().delay_s(failures, chance, wish_s) >= min(wish_s, LONGEST_RETRY_AFTER_S)


@given(st.lists(st.floats(0, 5), max_size=400))
def test_no_minute_has_more_than_a_hundred_calls(gaps: list[float]):
    bucket, now_s, taken = TokenBucket(), 0.0, []
    for gap in gaps:
        now_s += gap
        while bucket.take(now_s) == 0:
            taken.append(now_s)
    assert all(sum(1 for at in taken if start <= at < start + 60) <= 100 for start in taken)


def test_the_wait_it_names_is_long_enough():
    bucket = TokenBucket(capacity=1, per_minute=60)
    assert bucket.take(0.0) == 0
    assert bucket.take(bucket.take(0.0) + 1e-9) == 0
