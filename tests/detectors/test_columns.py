"""Columns: rows are added at the end as zeros, and a copy shares nothing."""

from dataclasses import dataclass

import numpy as np

from detectors.columns import Columns
from detectors.facts import Float64, Int64


@dataclass(slots=True)
class Pair(Columns):
    level: Float64
    since_ms: Int64


def test_new_rows_are_zero_and_old_ones_stay():
    pair = Pair(np.ones((2, 1)), np.array([7]))
    pair.grow(3)
    assert pair.level.tolist() == [[1, 0, 0], [1, 0, 0]]
    assert pair.since_ms.tolist() == [7, 0, 0]


def test_a_snapshot_shares_no_memory_and_keeps_the_types():
    pair, copy = Pair(np.ones(2), np.array([7, 8])), Pair(np.zeros(0), np.zeros(0, np.int64))
    state = pair.snapshot()
    pair.level[:] = 9
    copy.restore(state)
    copy.since_ms[:] = 1
    assert copy.level.tolist() == [1, 1]
    assert state["since_ms"].tolist() == [7, 8]
    assert copy.since_ms.dtype == np.int64
