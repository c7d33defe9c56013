"""Cells: sums by unit and row, capped, whatever the order of the histogram."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.buckets import bucket_of
from detectors.ecusum import RHOS
from detectors.facts import Histogram
from detectors.marks import Cells

REQUESTS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 10**6)), min_size=1, max_size=200)


def cells_of(*units: list[tuple[int, int]], rows: int) -> Cells:
    own = np.arange(rows, dtype=np.int32)
    return Cells.of([[(own, histogram(each))] for each in units], rows)


def histogram(requests: list[tuple[int, int]]) -> Histogram:
    cells: dict[tuple[int, int], int] = {}
    for row, value in requests:
        cell = (row, int(bucket_of(np.array([value]))[0]))
        cells[cell] = cells.get(cell, 0) + 1
    row, bucket = np.array(list(cells), np.int64).reshape(-1, 2).T
    return Histogram(row, bucket, np.array(list(cells.values()), np.int64))


@given(REQUESTS)
def test_marks_are_within_a_bucket_of_those_of_the_requests_themselves(requests):
    cap = np.array([[100.0, 1000.0, 10_000.0, 100_000.0]])
    cells = cells_of(requests, rows=4)
    load, logs = cells.load(cap), cells.load_bets(cap)
    for row in range(4):
        marks = np.array([min(value / cap[0, row], 1) for at, value in requests if at == row])
        assert np.isclose(load[0, row], marks.sum(), rtol=0.1)
        assert np.isclose(logs[2, 0, row], np.log1p((RHOS[2] - 1) * marks).sum(), rtol=0.1)


def test_units_have_rows_of_their_own():
    cells = cells_of([(0, 8)], [(0, 64), (1, 2)], rows=2)
    assert cells.requests().tolist() == [[1, 0], [1, 1]]
    assert (cells.values() > 0).tolist() == [[True, False], [True, True]]


def test_requests_of_nothing_are_no_requests():
    assert cells_of([(0, 0), (0, 0), (1, 0), (1, 3)], rows=2).requests().tolist() == [[0, 1]]


def test_a_size_is_a_multiple_of_the_mean_and_capped():
    ratios = cells_of([(0, 64), (1, 10**6)], rows=2).size(np.array([[64.0, 64.0]]), 24.0)
    assert 0.9 < ratios[0, 0] < 1.1
    assert ratios[0, 1] == 24.0


def test_cells_of_some_rows_give_what_those_rows_have_alone():
    cells, cap = cells_of([(0, 64), (1, 9), (1, 30)], [(0, 5), (2, 7)], rows=3), np.full((2, 3), 50.0)
    some = np.array([[False, True, False], [True, False, False]])
    assert np.array_equal(cells.of_rows(some).load_bets(cap), cells.load_bets(cap) * some)
    assert np.array_equal(cells.of_rows(some).size_bets(cap, 24.0, 0.75), cells.size_bets(cap, 24.0, 0.75) * some)


def test_rollups_of_a_unit_keep_to_the_rows_of_their_slots():
    first, second = histogram([(0, 8), (1, 8), (1, 8)]), histogram([(0, 64)])
    cells = Cells.of([[(np.array([2, 0], np.int32), first), (np.array([1], np.int32), second)]], 3)
    assert cells.requests().tolist() == [[2, 1, 1]]


def test_expectations_in_short_floats_are_divided_by_as_they_are():
    cells, cap = cells_of([(0, 64), (0, 9), (1, 30)], rows=2), np.array([[70.3, 41.7]], np.float32)
    (its,) = cells.units
    assert np.array_equal(cells.load(cap), [its.total(np.minimum(its.value / cap[0][its.row], 1.0))])
