from hypothesis import given
from hypothesis import strategies as st

from streams.aside import Verdict, verdicts
from streams.window import HOUR_MS, Timing
from tests.streams.records import T0

TIMES = st.lists(st.sampled_from([0, 1, HOUR_MS // 2, HOUR_MS, HOUR_MS + 1, 40 * HOUR_MS, 400 * HOUR_MS]).map(lambda ms: T0 + ms))


def said(ts_ms: list[int], clock_ms: int | None = T0, *, ended: bool = True) -> str:
    letters = {Verdict.ADMITTED: "a", Verdict.HELD: "h", Verdict.FUTURE: "f", Verdict.TOO_OLD: "o"}
    return "".join(letters[each] for each in verdicts(ts_ms, clock_ms, timing=Timing(), ended=ended))


def test_an_hour_ahead_is_believed_and_a_millisecond_more_is_not() -> None:
    assert said([T0 + HOUR_MS]) == "a"
    assert said([T0 + HOUR_MS + 1]) == "f"


def test_three_that_agree_within_an_hour_are_believed_in_any_order() -> None:
    there = T0 + 50 * HOUR_MS
    assert said([there + HOUR_MS, there, there + 1]) == "aaa"
    assert said([there + HOUR_MS + 1, there, there + 1]) == "fff"


def test_what_may_still_be_believed_is_held() -> None:
    there = T0 + 50 * HOUR_MS
    assert said([there, there], ended=False) == "hh"
    assert said([T0, T0 + 1], None, ended=False) == "hh"


def test_a_false_start_is_judged_by_the_two_records_after_it() -> None:
    assert said([T0 + 2 * HOUR_MS, T0, T0], None) == "faa"
    assert said([T0 - 49 * HOUR_MS, T0, T0], None) == "oaa"
    assert said([T0 - 47 * HOUR_MS, T0, T0], None) == "aff"


@given(TIMES, st.sampled_from([None, T0]))
def test_every_record_gets_one_verdict_and_none_is_held_at_the_end(ts_ms: list[int], clock_ms: int | None) -> None:
    letters = said(ts_ms, clock_ms)
    assert len(letters) == len(ts_ms)
    assert "h" not in letters
    assert len(said(ts_ms, clock_ms, ended=False).rstrip("h")) >= len(ts_ms) - 2


@given(TIMES, st.integers(0, 30))
def test_more_records_change_no_verdict(ts_ms: list[int], count: int) -> None:
    early = said(ts_ms[:count], ended=False).rstrip("h")
    assert said(ts_ms).startswith(early)
