"""The scopes of a block -> their slots in the rosters, looked up when the block comes: before there is any hurry."""

import numpy as np

from detectors.columns import Int32
from detectors.roster import Roster


class Placed:
    """The slots of the scopes of one roll-up of a block.

    Args:
        roster: of the roll-up.
        scopes: the values of each; of those that the roster knows its own are put in their place, so that each is in memory once.
    """

    def __init__(self, roster: Roster, scopes: list[tuple[str, ...]]) -> None:
        self._roster = roster
        self._scopes = scopes
        self._find()
        known = roster.scopes.values
        scopes[:] = [each if slot < 0 else known[slot] for each, slot in zip(scopes, self._slots.tolist(), strict=True)]

    def _find(self) -> None:
        self._slots = self._roster.find(self._scopes).astype(np.int32)
        self._reuses = self._roster.reuses

    def slots(self) -> Int32:
        """The slot of each scope by now, -1 for strangers, shape (scopes,)."""
        if self._reuses != self._roster.reuses:
            self._find()
        strangers = np.flatnonzero(self._slots < 0)
        self._slots[strangers] = self._roster.find([self._scopes[i] for i in strangers.tolist()])
        return self._slots
