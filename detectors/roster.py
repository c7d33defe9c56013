"""Who has been seen: the scopes of one roll-up and the slot of each, in the order of their first window."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

from detectors.numerals import numeral, numerals
from detectors.scope import OTHER, Rollup, Scope

WARM_AFTER_MS = 3_600_000
WARM_AFTER_OPERATIONS = 50
FORGET_MS = 15 * 86_400_000
"""A scope without a record for so long is forgotten: two weeks and a day, so that what runs every other Monday is known again."""
FORGET_COLD_MS = 86_400_000
"""The same of a scope with fewer operations than make one warm: there is nothing to be forgotten of it."""
_MOST_OPERATIONS = (1 << 32) - 1
"""No more are counted: nobody asks for more than a few."""


class Scopes(Sequence[Scope]):
    """The scopes of a roll-up by slot. Only their values are kept: pairs with the dimensions would take three times the memory."""

    def __init__(self, rollup: Rollup) -> None:
        self.rollup = rollup
        self.values: list[tuple[str, ...]] = []

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, slot: SupportsIndex) -> Scope: ...
    @overload
    def __getitem__(self, slot: slice) -> Sequence[Scope]: ...
    def __getitem__(self, slot: SupportsIndex | slice) -> Scope | Sequence[Scope]:
        """The scope of a slot, or those of a range of slots."""
        if isinstance(slot, slice):
            return [self._scope(each) for each in self.values[slot]]
        return self._scope(self.values[slot])

    def _scope(self, values: tuple[str, ...]) -> Scope:
        return tuple(zip(self.rollup, values, strict=True))


class Roster:
    """The scopes of one roll-up; slot i keeps its meaning until its scope has been idle for long and a new one needs a slot.

    Scopes that are new in a window are admitted in the order of their text, so that slots do not depend on the order of arrival.
    They get the slots of scopes that are forgotten, those that were idle longest first, and new slots after that. Past `limit`
    slots, new scopes share one more, `other`, so that totals stay exact.

    Attributes:
        reused: the slots that the window at hand gave to another scope; whoever keeps state by slot has to begin anew there.
        reuses: how many were given to another scope since the start.
    """

    def __init__(self, rollup: Rollup, *, limit: int = 1_000_000) -> None:
        self.rollup = rollup
        self.limit = limit
        self.scopes = Scopes(rollup)
        self._slot: dict[tuple[str, ...], int] = {}
        self._first_ms = np.zeros(0, np.int64)
        self._last_ms = np.zeros(0, np.int64)
        self._seen_ms = np.zeros(0, np.int64)
        self._operations = np.zeros(0, np.uint32)
        self.reused = np.zeros(0, np.int64)
        self.reuses = 0

    def __len__(self) -> int:
        return len(self.scopes)

    @property
    def crowded(self) -> bool:
        """Whether scopes may share a slot."""
        return len(self) >= self.limit

    def slot(self, values: tuple[str, ...]) -> int | None:
        """The slot of a scope, given its values in the order of the roll-up's dimensions; None if it has none of its own."""
        return self._slot.get(values)

    def slots(self, values: Sequence[tuple[str, ...]]) -> NDArray[np.int64]:
        """The slots of scopes that were admitted, shape (len(values),); the slot of `other` for those past the limit."""
        other = self._slot.get((OTHER,) * len(self.rollup), -1)
        return np.fromiter(map(self._slot.get, values, repeat(other)), np.int64, len(values))

    def find(self, values: Sequence[tuple[str, ...]]) -> NDArray[np.int64]:
        """The slots of scopes until `reuses` changes, shape (len(values),); -1 for strangers, who have none of their own."""
        return np.fromiter(map(self._slot.get, values, repeat(-1)), np.int64, len(values))

    def admit(self, values: Sequence[tuple[str, ...]], window_start_ms: int) -> NDArray[np.int64]:
        """Give slots to the scopes among `values`, those with records in a window, that have none yet; the `slots` of all."""
        slots = self.find(values)
        self.see(slots[slots >= 0], {values[i] for i in np.flatnonzero(slots < 0).tolist()}, window_start_ms)
        return self.slots(values) if (slots < 0).any() else slots

    def see(self, slots: NDArray[np.integer[Any]], strangers: Iterable[tuple[str, ...]], window_start_ms: int) -> None:
        """Note who has records in a window: the scopes of some slots, and strangers, who are given slots."""
        self._seen_ms[slots] = window_start_ms
        self.reused = self.reused[:0]
        new = sorted(strangers)
        if new:
            self._reuse(new, window_start_ms)
            self._append(new[len(self.reused) :], window_start_ms)

    def _reuse(self, new: Sequence[tuple[str, ...]], window_start_ms: int) -> None:
        """Give the slots of forgotten scopes to as many new ones as there are."""
        self.reused = self._forgotten(window_start_ms)[: len(new)]
        self.reuses += len(self.reused)
        for slot, each in zip(self.reused.tolist(), new, strict=False):
            del self._slot[self.scopes.values[slot]]
            self._slot[each] = numeral(slot)
            self.scopes.values[slot] = each
        self._operations[self.reused] = 0
        for times in (self._first_ms, self._last_ms, self._seen_ms):
            times[self.reused] = window_start_ms

    def _forgotten(self, window_start_ms: int) -> NDArray[np.int64]:
        """The slots whose scopes are forgotten, those that were idle longest first."""
        idle_ms = window_start_ms - self._seen_ms
        cold = self._operations < WARM_AFTER_OPERATIONS
        idle = idle_ms > np.where(cold, FORGET_COLD_MS, FORGET_MS)
        other = self._slot.get((OTHER,) * len(self.rollup))
        if other is not None:
            idle[other] = False
        slots = np.flatnonzero(idle)
        return slots[np.argsort(-idle_ms[slots], kind="stable")]

    def _append(self, new: Sequence[tuple[str, ...]], window_start_ms: int) -> None:
        room = max(self.limit - len(self.scopes), 0)
        other = (OTHER,) * len(self.rollup)
        if len(new) > room:
            new = [*new[:room], *([other] if other not in self._slot and other not in new[:room] else [])]
        for each in new:
            self._slot[each] = numeral(len(self.scopes))
            self.scopes.values.append(each)
        start = np.full(len(new), window_start_ms, np.int64)
        self._first_ms, self._last_ms, self._seen_ms = (
            np.concatenate([times, start]) for times in (self._first_ms, self._last_ms, self._seen_ms)
        )
        self._operations = np.concatenate([self._operations, np.zeros(len(new), np.uint32)])

    def count_operations(self, operations: NDArray[np.int64], window_end_ms: int) -> None:
        """Add the operations of a window, shape (len(self),); after the window was judged."""
        self._operations = np.minimum(self._operations + operations, _MOST_OPERATIONS).astype(np.uint32)
        self._last_ms[operations > 0] = window_end_ms

    def live(self, window_end_ms: int, *, within_ms: int) -> int:
        """How many scopes had an operation in the last `within_ms`."""
        return int(np.count_nonzero(self._last_ms > window_end_ms - within_ms))

    def warm(self, window_end_ms: int, *, after_ms: int, after_operations: int) -> NDArray[np.bool_]:
        """Which scopes have enough history to page for, shape (len(self),)."""
        return (window_end_ms - self._first_ms >= after_ms) & (self._operations >= after_operations)

    def age_ms(self, window_end_ms: int) -> NDArray[np.int64]:
        """Time since each scope's first window began, shape (len(self),)."""
        return window_end_ms - self._first_ms

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {
            "values": [list(values) for values in self.scopes.values],
            "first_ms": self._first_ms.copy(),
            "last_ms": self._last_ms.copy(),
            "seen_ms": self._seen_ms.copy(),
            "operations": self._operations.copy(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self.scopes.values = [tuple(each) for each in state["values"]]
        self._slot = dict(zip(self.scopes.values, numerals(len(self.scopes)), strict=True))
        self._first_ms = np.array(state["first_ms"], np.int64)
        self._last_ms = np.array(state["last_ms"], np.int64)
        self._seen_ms = np.array(state["seen_ms"], np.int64)
        self.reused = np.zeros(0, np.int64)
        self._operations = np.minimum(np.array(state["operations"], np.int64), _MOST_OPERATIONS).astype(np.uint32)
