from hypothesis import given
from hypothesis import strategies as st

from streams.window import Timing
from streams.worker.idle import FRESH_MS, Idleness, Skew

T0 = 1_790_000_000_000
TIMING = Timing()


def test_a_partition_that_was_just_read_is_not_idle():
    idleness = Idleness(TIMING)
    idleness.read(T0)
    assert idleness.idle_at(ended_at_ms=T0 + 1_999) is None


def test_a_quiet_partition_is_idle_as_of_two_seconds_ago():
    idleness = Idleness(TIMING)
    idleness.read(T0)
    assert idleness.idle_at(ended_at_ms=T0 + 2_000) == T0


def test_a_partition_without_a_record_ever_is_idle():
    assert Idleness(TIMING).idle_at(ended_at_ms=T0) == T0 - 2_000


def test_a_mark_that_completes_no_window_is_not_due():
    idleness = Idleness(TIMING)
    idleness.announced(T0)
    assert not idleness.is_due(T0 + 5_000)
    assert idleness.is_due(T0 + 15_000)


def test_the_first_mark_is_always_due():
    assert Idleness(TIMING).is_due(T0)


def test_a_clock_that_is_ahead_is_put_right():
    assert Idleness(TIMING).idle_at(ended_at_ms=T0, skew_ms=3_000) == T0 - 5_000


@given(st.lists(st.integers(0, 5_000), min_size=1), st.integers(-50_000, 50_000))
def test_the_skew_is_never_more_than_the_truth_and_its_smallest_delay(delays, skew_ms):
    skew = Skew()
    for delay in delays[:64]:
        skew.read(arrival_ms=T0, at_ms=T0 + skew_ms + delay)
    assert skew.ms == skew_ms + min(delays[:64])


def test_records_of_long_ago_tell_nothing_of_clocks():
    skew = Skew()
    skew.read(arrival_ms=T0, at_ms=T0 + FRESH_MS + 1)
    assert skew.ms is None
