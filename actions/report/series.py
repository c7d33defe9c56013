"""Dollars of windows -> cost series of bounded length, with what was expected beside them."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from actions.report.data import Series

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

Number = TypeVar("Number", np.int64, np.float64)

NANOS = 10**9
STEPS = 2_000
"""The longest series that is kept: 20 days in steps of 20 min."""
ROWS = 1_000
"""Scopes of a roll-up that are kept: the first that were seen; 32 MB at most."""


class CostTable:
    """Gathers the cost of all scopes of one roll-up, and halves the resolution whenever there are more than `limit` steps.

    Windows come in any order; a row is a scope, in the order of their first windows.

    Args:
        window_ms: length of a window, and of the first steps.
        limit: how many steps are kept, at least 2.

    >>> table = CostTable(window_ms=10_000, limit=4)
    >>> for window in range(6):
    ...     table.add(window * 10_000, np.array([1_000_000_000]), np.array([5e8]))
    >>> table.series(0, "global").cost_usd, table.series(0, "global").baseline_usd, table.step_ms
    ((2.0, 2.0, 2.0), (1.0, 1.0, 1.0), 20000)
    """

    def __init__(self, *, window_ms: int, limit: int = STEPS) -> None:
        self.step_ms = window_ms
        self.limit = limit
        self._steps = range(0)
        self._nanos: Int64 = np.zeros((0, limit), np.int64)
        self._expected: Float64 = np.zeros((0, limit))

    def add(self, start_ms: int, nanos: Int64, expected: Float64) -> None:
        """Add what the window that starts at `start_ms` cost, shape (rows,), and nano-dollars that it was expected to cost.

        `expected` may be shorter, and NaN where nothing is known; so is then the baseline of the step.
        """
        rows = min(len(nanos), ROWS)
        self._make_room(start_ms // self.step_ms, rows)
        column = start_ms // self.step_ms - self._steps.start
        known = min(len(expected), rows)
        self._nanos[:rows, column] += nanos[:rows]
        self._expected[:known, column] += expected[:known]
        self._expected[known:rows, column] = np.nan

    def dearest(self, count: int) -> list[int]:
        """The rows that cost most, the dearest first."""
        total = self._nanos.sum(axis=1)
        return [int(row) for row in np.argsort(-total, kind="stable")[:count] if total[row] > 0]

    def series(self, row: int, name: str) -> Series:
        """The series of one row; zeros for a row that is not kept."""
        kept = row < len(self._nanos)
        columns = slice(0, len(self._steps))
        cost = self._nanos[row, columns] if kept else np.zeros(len(self._steps), np.int64)
        expected = self._expected[row, columns] if kept else np.full(len(self._steps), np.nan)
        return Series(
            name=name,
            start_ms=self._steps.start * self.step_ms,
            step_ms=self.step_ms,
            cost_usd=tuple((cost / NANOS).tolist()),
            baseline_usd=tuple(None if np.isnan(each) else float(each) / NANOS for each in expected),
        )

    def _make_room(self, step: int, rows: int) -> None:
        if (more := rows - len(self._nanos)) > 0:
            self._nanos = np.vstack([self._nanos, np.zeros((more, self.limit), np.int64)])
            self._expected = np.vstack([self._expected, np.zeros((more, self.limit))])
        steps = range(min(step, self._steps.start), max(step + 1, self._steps.stop)) if self._steps else range(step, step + 1)
        factor = 1
        while -(-steps.stop // factor) - steps.start // factor > self.limit:
            factor *= 2
        first = steps.start // factor
        if factor > 1 or first != self._steps.start:
            columns = np.arange(self._steps.start, self._steps.stop) // factor - first
            self._nanos = _moved(self._nanos, columns)
            self._expected = _moved(self._expected, columns)
        self.step_ms *= factor
        self._steps = range(first, -(-steps.stop // factor))


def _moved(table: NDArray[Number], columns: Int64) -> NDArray[Number]:
    """The table with column i added to column `columns[i]` of an empty one."""
    moved = np.zeros_like(table)
    np.add.at(moved.T, columns, table[:, : len(columns)].T)
    return moved
