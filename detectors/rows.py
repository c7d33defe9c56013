"""Rosters of several roll-ups -> one space of rows, so that all of them are judged by one call of numpy."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detectors.columns import Int32
from detectors.facts import COLUMN, Histogram, Int64, WindowFacts
from detectors.scope import Rollup

MONEY = ("known_nanos", "assumed_nanos")
"""The sums that are dollars."""


class Rows:
    """Every slot of every roll-up has a row, given in the order of admission; a slot that is reused keeps its row.

    Attributes:
        capacity: length of every array over rows; the last ones may be nobody's yet, so that arrays are seldom copied.
    """

    def __init__(self, rollups: tuple[Rollup, ...]) -> None:
        self.rollups = rollups
        self.capacity = 0
        self._used = 0
        self._rows: dict[Rollup, Int32] = {each: np.zeros(0, np.int32) for each in rollups}

    def grow(self, facts: WindowFacts) -> bool:
        """Give rows to new slots; True when `capacity` changed."""
        for rollup in self.rollups:
            have, want = len(self._rows[rollup]), len(facts.rollups[rollup].sums)
            if have < want:
                new = np.arange(self._used, self._used + want - have, dtype=np.int32)
                self._rows[rollup] = np.concatenate([self._rows[rollup], new])
                self._used += len(new)
        if self._used <= self.capacity:
            return False
        self.capacity = max(self._used, self.capacity + self.capacity // 4 + 16)
        return True

    def reused(self, facts: WindowFacts) -> Int64:
        """The rows that this window gave to another scope."""
        return np.concatenate([self._rows[each][facts.rollups[each].reused] for each in self.rollups]).astype(np.int64)

    def of(self, rollup: Rollup) -> Int32:
        """The rows of the slots of a roll-up, ascending, shape (slots,)."""
        return self._rows[rollup]

    def gather(self, facts: WindowFacts, names: Sequence[str]) -> Int64:
        """Sums of every row by name, shape (len(names), capacity)."""
        columns = [COLUMN[name] for name in names]
        gathered = np.zeros((len(columns), self.capacity), np.int64)
        for rollup, rows in self._rows.items():
            gathered[:, rows] = facts.rollups[rollup].sums[:, columns].T
        return gathered

    def histograms(self, facts: WindowFacts, name: str) -> list[tuple[Int32, Histogram]]:
        """The histogram of one name of every roll-up, by slot, and the row of each slot."""
        return [(self._rows[each], facts.rollups[each].histograms[name]) for each in self.rollups]

    def place(self, row: int) -> tuple[Rollup, int]:
        """The roll-up that a row is of, and its slot there."""
        places = ((rollup, rows, int(rows.searchsorted(row))) for rollup, rows in self._rows.items())
        return next((rollup, slot) for rollup, rows, slot in places if slot < len(rows) and rows[slot] == row)

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        rollup = np.zeros(self._used, np.int8)
        for number, rows in enumerate(self._rows.values()):
            rollup[rows] = number
        return {"capacity": self.capacity, "rollup": rollup}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self.capacity = state["capacity"]
        self._used = len(state["rollup"])
        for number, rollup in enumerate(self.rollups):
            self._rows[rollup] = np.flatnonzero(state["rollup"] == number).astype(np.int32)
