"""Records just written -> repeats, conflicting versions and broken ones that reach the log with them or after them."""

import heapq
import random

import numpy as np
from numpy.typing import NDArray

from streams.simulate.arrivals import Arrivals
from streams.simulate.attempts import Column, Extra
from streams.simulate.malformed import REASONS, malform
from streams.simulate.scenario import Delivery
from streams.simulate.tally import Tally

Int64 = NDArray[np.int64]
_AGAIN_MS = 60_000


class Extras:
    """Keeps what was sent again until it arrives."""

    def __init__(self, delivery: Delivery, tally: Tally) -> None:
        self._most_copies = delivery.max_copies
        self._reasons = delivery.malformed_reasons or tuple(REASONS)
        self._tally = tally
        self._waiting: list[tuple[int, int, bytes, bytes, str]] = []
        self._made = 0

    @property
    def waiting(self) -> bool:
        """Whether something is still to arrive."""
        return bool(self._waiting)

    def make(self, rows: Int64, arrivals: Arrivals) -> None:
        """Make the extras of the records of `arrivals`, whose columns are `rows`."""
        for row in np.flatnonzero(rows[Column.EXTRA]).tolist():
            kind, seed = Extra(rows[Column.EXTRA, row]), int(rows[Column.EXTRA_SEED, row])
            choice = random.Random(seed)  # noqa: S311 (a simulation)
            at_ms, key, value = int(arrivals.arrivals_ms[row]), arrivals.keys[row], arrivals.values[row]
            if kind is Extra.MALFORMED:
                reason = choice.choice(self._reasons)
                self._push(at_ms, key, malform(value, reason, at_ms, choice), reason)
            elif kind is Extra.CONFLICT:
                self._push(at_ms + 1 + choice.randrange(_AGAIN_MS), key, value[:-1] + b',"max_tokens":4096}', "conflict")
            else:
                for _ in range(choice.randint(1, self._most_copies)):
                    self._push(at_ms + 1 + choice.randrange(_AGAIN_MS), key, value, "duplicate")

    def _push(self, at_ms: int, key: bytes, value: bytes, what: str) -> None:
        heapq.heappush(self._waiting, (at_ms, self._made, key, value, what))
        self._made += 1

    def join(self, arrivals: Arrivals, until_ms: int) -> Arrivals:
        """The records together with the extras that arrive before `until_ms`, in order."""
        due = []
        while self._waiting and self._waiting[0][0] < until_ms:
            due.append(heapq.heappop(self._waiting))
            self._tally.count_extra(due[-1][4])
        if not due:
            return arrivals
        arrivals_ms = np.concatenate([arrivals.arrivals_ms, np.array([each[0] for each in due], dtype=np.int64)])
        together = Arrivals(arrivals.values + [each[3] for each in due], arrivals.keys + [each[2] for each in due], arrivals_ms)
        return together.at(np.argsort(arrivals_ms, kind="stable"))
