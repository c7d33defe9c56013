"""Dollars of windows -> cost series of bounded length, with what was usual before each step."""

import numpy as np
from numpy.typing import NDArray

from actions.report.data import Series

Int64 = NDArray[np.int64]

NANOS = 10**9
USUAL_MS = 2 * 3_600_000
"""How far the median looks back that is drawn as the baseline."""
STEPS = 2_000
"""The longest series that is kept: 20 days in steps of 20 min."""
ROWS = 2_000
"""Scopes of a roll-up that are kept: the first that were seen; 32 MB at most."""


class CostTable:
    """Gathers the cost of all scopes of one roll-up, and halves the resolution whenever there are more than `limit` steps.

    Windows come in any order; rows are the slots of a roster, which only grow.

    Args:
        window_ms: length of a window, and of the first steps.
        limit: how many steps are kept, at least 2.

    >>> table = CostTable(window_ms=10_000, limit=4)
    >>> for window in range(6):
    ...     table.add(window * 10_000, np.array([1_000_000_000]))
    >>> table.series(0, "global").cost_usd, table.step_ms
    ((2.0, 2.0, 2.0), 20000)
    """

    def __init__(self, *, window_ms: int, limit: int = STEPS) -> None:
        self.step_ms = window_ms
        self.limit = limit
        self._steps = range(0)
        self._nanos: Int64 = np.zeros((0, limit), np.int64)

    def add(self, start_ms: int, nanos: Int64) -> None:
        """Add what the window that starts at `start_ms` cost, shape (rows,)."""
        self._make_room(start_ms // self.step_ms, min(len(nanos), ROWS))
        self._nanos[: len(nanos), start_ms // self.step_ms - self._steps.start] += nanos[:ROWS]

    def dearest(self, count: int) -> list[int]:
        """The rows that cost most, the dearest first."""
        total = self._nanos.sum(axis=1)
        return [int(row) for row in np.argsort(-total, kind="stable")[:count] if total[row] > 0]

    def series(self, row: int, name: str) -> Series:
        """The series of one row; empty for a row that is not kept."""
        cost = self._nanos[row, : len(self._steps)] if row < len(self._nanos) else np.zeros(len(self._steps), np.int64)
        return Series(
            name=name,
            start_ms=self._steps.start * self.step_ms,
            step_ms=self.step_ms,
            cost_usd=tuple((cost / NANOS).tolist()),
            baseline_usd=usual(cost / NANOS, reach=max(3, USUAL_MS // self.step_ms)),
        )

    def _make_room(self, step: int, rows: int) -> None:
        if rows > len(self._nanos):
            self._nanos = np.vstack([self._nanos, np.zeros((rows - len(self._nanos), self.limit), np.int64)])
        steps = range(min(step, self._steps.start), max(step + 1, self._steps.stop)) if self._steps else range(step, step + 1)
        factor = 1
        while -(-steps.stop // factor) - steps.start // factor > self.limit:
            factor *= 2
        first = steps.start // factor
        if factor > 1 or first != self._steps.start:
            self._move(first, factor)
        self.step_ms *= factor
        self._steps = range(first, -(-steps.stop // factor))

    def _move(self, first: int, factor: int) -> None:
        old, self._nanos = self._nanos, np.zeros_like(self._nanos)
        columns = np.arange(self._steps.start, self._steps.stop) // factor - first
        np.add.at(self._nanos.T, columns, old[:, : len(self._steps)].T)


def usual(values: NDArray[np.float64], *, reach: int) -> tuple[float | None, ...]:
    """The median of up to `reach` values before each one; None while there are fewer than 3.

    >>> usual(np.array([1.0, 1.0, 1.0, 9.0, 1.0]), reach=3)
    (None, None, None, 1.0, 1.0)
    """
    return tuple(float(np.median(values[max(0, at - reach) : at])) if at >= 3 else None for at in range(len(values)))
