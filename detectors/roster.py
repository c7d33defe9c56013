"""Who has been seen: the scopes of one roll-up and the slot of each, in the order of their first window."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.scope import OTHER, Rollup, Scope

WARM_AFTER_MS = 3_600_000
WARM_AFTER_OPERATIONS = 50


class Roster:
    """The scopes of one roll-up; slot i keeps its meaning for ever.

    Scopes that are new in a window are admitted in the order of their text, so that slots do not depend on the order of arrival.
    Past `limit` scopes, new ones share one more slot, `other`, so that totals stay exact.
    """

    def __init__(self, rollup: Rollup, *, limit: int = 1_000_000) -> None:
        self.rollup = rollup
        self.limit = limit
        self.scopes: list[Scope] = []
        self._slot: dict[tuple[str, ...], int] = {}
        self._first_ms = np.zeros(0, np.int64)
        self._last_ms = np.zeros(0, np.int64)
        self._operations = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self.scopes)

    def slot(self, values: tuple[str, ...]) -> int | None:
        """The slot of a scope, given its values in the order of the roll-up's dimensions; None if it has none of its own."""
        return self._slot.get(values)

    def slots(self, values: Sequence[tuple[str, ...]]) -> NDArray[np.int64]:
        """The slots of scopes that were admitted, shape (len(values),); the slot of `other` for those past the limit."""
        other = self._slot.get((OTHER,) * len(self.rollup), -1)
        return np.fromiter((self._slot.get(each, other) for each in values), np.int64, len(values))

    def admit(self, values: Sequence[tuple[str, ...]], window_start_ms: int) -> None:
        """Give slots to the scopes among `values` that have none yet."""
        new = sorted({each for each in values if each not in self._slot})
        if not new:
            return
        room = max(self.limit - len(self.scopes), 0)
        other = (OTHER,) * len(self.rollup)
        if len(new) > room:
            new = new[:room] + ([other] if other not in self._slot and other not in new[:room] else [])
        for each in new:
            self._slot[each] = len(self.scopes)
            self.scopes.append(tuple(zip(self.rollup, each, strict=True)))
        self._first_ms = np.concatenate([self._first_ms, np.full(len(new), window_start_ms, np.int64)])
        self._last_ms = np.concatenate([self._last_ms, np.full(len(new), window_start_ms, np.int64)])
        self._operations = np.concatenate([self._operations, np.zeros(len(new), np.int64)])

    def count_operations(self, operations: NDArray[np.int64], window_end_ms: int) -> None:
        """Add the operations of a window, shape (len(self),); after the window was judged."""
        self._operations += operations
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
            "values": [[value for _, value in scope] for scope in self.scopes],
            "first_ms": self._first_ms.copy(),
            "last_ms": self._last_ms.copy(),
            "operations": self._operations.copy(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        values = [tuple(each) for each in state["values"]]
        self.scopes = [tuple(zip(self.rollup, each, strict=True)) for each in values]
        self._slot = {each: i for i, each in enumerate(values)}
        self._first_ms = np.array(state["first_ms"], np.int64)
        self._last_ms = np.array(state["last_ms"], np.int64)
        self._operations = np.array(state["operations"], np.int64)
