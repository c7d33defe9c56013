"""Windows are half-open: what happens at their very edges."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.window import Timing
from tests.streams.records import T0, fed, partition, record, totals

WINDOW, GRACE = Timing().window_ms, Timing().grace_ms
FIRST = T0 // WINDOW
EDGES = st.sampled_from((-1, 0, 1))


@settings(deadline=None)
@given(st.integers(0, 1_000), EDGES)
def test_a_window_begins_with_its_start_and_ends_before_its_end(number, beside):
    at_ms = (FIRST + number) * WINDOW + beside
    source = partition()
    fed(source, [(record("e", ts=at_ms, tenant="a"), at_ms)])
    ((late, window, _),) = totals([source.end()], ("tenant",))
    assert (late, window) == (False, FIRST + number - (beside < 0))


@settings(deadline=None)
@given(st.integers(1, 1_000), EDGES, st.integers(0, WINDOW - 1))
def test_a_record_is_late_as_soon_as_the_watermark_is_at_the_end_of_its_window(number, beside, within):
    end_ms = (FIRST + number) * WINDOW
    clock_ms = end_ms + GRACE + beside
    log = [(record("clock", ts=clock_ms, tenant="a"), clock_ms), (record("e", ts=end_ms - 1 - within, tenant="b"), clock_ms)]
    source = partition()
    sealed = fed(source, log)
    found = totals([*sealed, source.end()], ("tenant",))
    assert {late for late, _, (tenant,) in found if tenant == "b"} == {beside >= 0}


@settings(deadline=None)
@given(st.integers(1, 1_000), EDGES)
def test_a_chunk_ends_when_the_watermark_reaches_the_next_window(number, beside):
    clock_ms = (FIRST + number) * WINDOW + GRACE + beside
    source = partition()
    fed(source, [(record("e", ts=clock_ms), clock_ms)])
    assert source.end().marker.chunk == FIRST + number - (beside < 0)


@settings(deadline=None)
@given(st.integers(1, 1_000), EDGES)
def test_a_record_may_lie_a_minute_in_the_future_and_no_more(number, beside):
    arrival_ms = (FIRST + number) * WINDOW
    source = partition()
    fed(source, [(record("e", ts=arrival_ms + 60_000 + beside), arrival_ms)])
    assert source.tally.future_records == (beside > 0)
