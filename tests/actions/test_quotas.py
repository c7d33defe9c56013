import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.decision import Action, Reason
from actions.quotas import Quota, Quotas, decode_quota, encode_quota, quota_of
from detectors.canonical import parse_time, time_text
from tests.actions.builders import NOW_MS, NOW_TEXT, decision, throttle


def test_a_throttle_becomes_the_answer_of_the_api():
    made = quota_of(throttle(until=time_text(NOW_MS + 60_000), limit={"tokens_per_min": 5}), fence=7)
    assert encode_quota(made) == (
        b'{"scope":"tenant=acme","level":2,"factor":0.25,"limit":{"requests_per_min":null,"tokens_per_min":5},'
        b'"until":"2023-11-14T22:14:20Z","decision_id":"t1","fence":7}'
    )
    assert decode_quota(encode_quota(made)) == made


def test_a_lift_is_level_0():
    made = quota_of(decision(Action.LIFT_THROTTLE, id="l1", reason=Reason.RELEASED), fence=9)
    assert made == Quota(scope="tenant=acme", decision_id="l1", fence=9)


@given(st.dictionaries(st.sampled_from(["level", "factor", "until", "limit"]), st.none() | st.integers() | st.floats() | st.text()))
def test_whatever_the_params_say_the_quota_is_within_bounds(params):
    made = quota_of(decision(Action.THROTTLE, **params), fence=1)
    assert 0 <= made.level <= 3
    assert 0 < made.factor <= 1
    assert made.level == 0 or parse_time(made.until or "") <= NOW_MS + 15 * 60_000


@pytest.mark.parametrize(
    "until", [None, "soon", "2023-11-15T22:13:20Z", "2023-11-14T22:13:20"], ids=["none", "nonsense", "a day", "naive"]
)
def test_no_lease_is_longer_than_15_minutes(until):
    assert quota_of(throttle(until=until), fence=1).until == time_text(NOW_MS + 15 * 60_000)


def test_a_throttle_ends_by_itself():
    quotas = Quotas([quota_of(throttle(), fence=5)])
    end_ms = NOW_MS + 15 * 60_000
    assert quotas.get("tenant=acme", end_ms - 1).level == 2
    assert quotas.get("tenant=acme", end_ms) == Quota(scope="tenant=acme", decision_id="t1", fence=5)
    assert quotas.standing(end_ms) == []


@given(st.permutations(range(5)))
def test_the_highest_fence_wins_in_any_order(order):
    quotas = Quotas()
    for fence in order:
        quotas.apply(Quota(scope="tenant=acme", level=1 + fence % 3, factor=0.5, until=NOW_TEXT, fence=fence))
    assert quotas.get("tenant=acme", 0).fence == 4


def test_to_apply_a_quota_again_changes_nothing():
    quotas, quota = Quotas(), quota_of(throttle(), fence=5)
    assert quotas.apply(quota)
    assert quotas.apply(quota)
    assert not quotas.apply(msgspec.structs.replace(quota, fence=4, level=3))
    assert quotas.standing(NOW_MS) == [quota]


def test_ended_throttles_are_forgotten_and_named_for_tombstones():
    quotas = Quotas([quota_of(throttle(), fence=5), Quota(scope="tenant=b", fence=3)])
    assert quotas.forget_ended(NOW_MS) == []
    assert quotas.forget_ended(NOW_MS + 15 * 60_000) == ["tenant=acme"]
