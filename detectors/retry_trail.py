"""Sums of one window after another -> what was tried in the last window, in the last two, and since the retries began to rise."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.columns import Bool, Columns, UInt32
from detectors.facts import ERRORS, Float64, Int64, RollupFacts

COUNTS = ("attempts", "operations", "retries", "throttled", "successes", "cancelled", *ERRORS)
NAMES = (*COUNTS, "wasted_nanos")
INDEX = {name: i for i, name in enumerate(NAMES)}
FEW = 5
"""A horizon with fewer operations says nothing about amplification."""


@dataclass(frozen=True, slots=True)
class Trail:
    """One window of all rows.

    Attributes:
        sums: over three horizons, shape (3, len(NAMES), rows): this window, this one and the one before, since the onset.
        since_ms: start of the first window of the longest horizon, shape (rows,).
    """

    sums: Int64
    since_ms: Int64


@dataclass(slots=True)
class _State(Columns):
    """The sums of the last window, shape (len(COUNTS), rows) and (rows,)."""

    counts: UInt32 = field(default_factory=lambda: np.zeros((len(COUNTS), 0), np.uint32))
    wasted_nanos: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class _Onsets:
    """The few rows whose retries have begun to rise, ascending: their sums since then, shape (len(NAMES), n), and since when."""

    rows: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    sums: Int64 = field(default_factory=lambda: np.zeros((len(NAMES), 0), np.int64))
    since_ms: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))

    def of(self, which: Bool | Int64) -> "_Onsets":
        """Some of them."""
        return _Onsets(self.rows[which], self.sums[:, which], self.since_ms[which])


class RetryTrail:
    """Remembers what three horizons need: the last window of every row, and all since the onset of those that have one."""

    def __init__(self) -> None:
        self._state = _State()
        self._onsets = _Onsets()

    def take(self, facts: RollupFacts, start_ms: int) -> Trail:
        """Book one window; rows without an onset get one here, if `keep` names them."""
        rows = len(facts.roster)
        self._state.grow(rows)
        self._state.clear(facts.reused)
        self._onsets = self._onsets.of(~np.isin(self._onsets.rows, facts.reused))
        sums, since_ms = np.zeros((3, len(NAMES), rows), np.int64), np.full(rows, start_ms)
        last, onsets = sums[0], self._onsets
        for at, name in enumerate(NAMES):
            last[at] = facts.column(name)
        sums[1:] = last
        sums[1, :-1] += self._state.counts
        sums[1, -1] += self._state.wasted_nanos
        sums[2][:, onsets.rows] += onsets.sums
        since_ms[onsets.rows] = onsets.since_ms
        self._state.counts[:], self._state.wasted_nanos[:] = last[:-1], last[-1]
        return Trail(sums, since_ms)

    def keep(self, trail: Trail, rows: Int64) -> None:
        """The rows, ascending, whose onset is kept; of the others whatever rises, rises later."""
        self._onsets = _Onsets(rows, trail.sums[2][:, rows], trail.since_ms[rows])

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot() | {"onsets": [self._onsets.rows, self._onsets.sums, self._onsets.since_ms]}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
        self._onsets = _Onsets(*(np.array(each, np.int64) for each in state["onsets"]))


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
