"""Sums of one window after another -> what was tried in the last window, in the last two, and since the retries began to rise."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.columns import Columns
from detectors.facts import ERRORS, Float64, Int64, RollupFacts

NAMES = ("attempts", "operations", "retries", "throttled", "successes", "cancelled", "wasted_nanos", *ERRORS)
INDEX = {name: i for i, name in enumerate(NAMES)}
FEW = 5
"""A horizon with fewer operations says nothing about amplification."""


@dataclass(slots=True)
class _State(Columns):
    last: Int64 = field(default_factory=lambda: np.zeros((2, len(NAMES), 0), np.int64))
    since: Int64 = field(default_factory=lambda: np.zeros((len(NAMES), 0), np.int64))
    since_ms: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))


class RetryTrail:
    """Sums over three horizons for every row, shape (3, len(NAMES), rows): last window, last two windows, since the onset."""

    def __init__(self) -> None:
        self._state = _State()

    def take(self, facts: RollupFacts, start_ms: int) -> None:
        """Book one window; rows without an onset get one here."""
        rows = len(facts.roster)
        self._state.grow(rows)
        self._state.clear(facts.reused)
        now = np.stack([facts.column(name) for name in NAMES])
        last, since, since_ms = self._state.last[..., :rows], self._state.since[..., :rows], self._state.since_ms[:rows]
        last[0], last[1] = last[1], now
        since_ms[since[INDEX["attempts"]] == 0] = start_ms
        since += now

    def forget_onset(self, rows: Int64) -> None:
        """The rows in this index array are calm: whatever rises, rises later."""
        self._state.since[:, rows] = 0

    def sums(self, rows: int) -> Int64:
        """Shape (3, len(NAMES), rows)."""
        last = self._state.last[..., :rows]
        return np.stack([last[1], last.sum(axis=0), self._state.since[:, :rows]])

    def since_ms(self, rows: int) -> Int64:
        """Start of the first window of the longest horizon, shape (rows,)."""
        return self._state.since_ms[:rows]

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)


def amplification(sums: Int64) -> Float64:
    """Attempts an operation, shape (horizons, rows), of sums of shape (horizons, len(NAMES), rows); at least 1.

    Throttled attempts do not count: they cost nothing, and it was mostly Tidegate that refused them. A horizon of few operations
    says 1, unless it is the last, longest one; so does the last window when it is the tail of a burst.
    """
    operations = sums[:, INDEX["operations"]]
    served = sums[:, INDEX["attempts"]] - sums[:, INDEX["throttled"]]
    ratio = np.maximum(1.0, served / np.maximum(operations, 1))
    ratio[:-1][operations[:-1] < FEW] = 1.0
    before = operations[1] - operations[0]
    ratio[0][operations[0] < before / 2] = 1.0
    return np.asarray(ratio)
