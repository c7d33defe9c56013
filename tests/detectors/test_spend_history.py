import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.spend_history import Spans, SpendHistory

SPANS = [10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 3 * 86_400_000]
TABLE = st.dictionaries(st.integers(0, 40_000), st.integers(0, 10**12), min_size=1, max_size=20)


def history(table: dict[int, int]) -> tuple[SpendHistory, int]:
    own = SpendHistory(1)
    for number in sorted(table):
        own.add(number * 10_000, (number + 1) * 10_000, [table[number]])
    return own, (max(table) + 1) * 10_000


def exact(table: dict[int, int], end_ms: int, span_ms: int) -> int:
    return sum(nanos for number, nanos in table.items() if (number + 1) * 10_000 > end_ms - span_ms)


@given(TABLE, st.sampled_from(SPANS))
def test_a_sum_is_never_too_large_and_at_most_a_sixtieth_of_the_span_too_short(table, span_ms):
    own, end_ms = history(table)
    (got,) = own.sums(end_ms, Spans(np.array([span_ms])))
    shorter = span_ms - {True: 10_000, False: max(60_000, span_ms // 60)}[span_ms <= 3_600_000]
    assert exact(table, end_ms, shorter) <= got <= exact(table, end_ms, span_ms)


@given(TABLE, st.sampled_from(SPANS[:4]))
def test_spans_of_up_to_an_hour_are_exact(table, span_ms):
    own, end_ms = history(table)
    assert own.sums(end_ms, Spans(np.array([span_ms]))).tolist() == [exact(table, end_ms, span_ms)]


@given(TABLE, st.sampled_from(SPANS), st.integers(0, 400), st.integers(1, 10**9))
def test_a_correction_counts_as_if_it_had_been_on_time(table, span_ms, back, nanos):
    own, end_ms = history(table)
    late = max(0, max(table) - back)
    own.correct((late + 1) * 10_000, 0, nanos)
    other, _ = history({**table, late: table.get(late, 0) + nanos})
    assert own.sums(end_ms, Spans(np.array([span_ms]))) == other.sums(end_ms, Spans(np.array([span_ms])))


def test_series_that_come_and_go_keep_their_sums():
    own = SpendHistory(2)
    own.add(0, 10_000, [5, 7])
    restored = SpendHistory(3)
    restored.restore(own.snapshot(), columns=[-1, 1, 0])
    assert restored.sums(10_000, Spans(np.full(3, 60_000))).tolist() == [0, 7, 5]
