"""The wall clock, or the arrivals that were read -> now."""

import time
from collections.abc import Callable

from streams.settings import Clock


def wall_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


STEP_MS = 1_000
"""What a clock is slewed by between two looks is less than this."""
DISTRUST_S = 300.0
"""So long after it was set, a wall clock has no say alone."""


class Steady:
    """Epoch milliseconds that go on evenly while somebody sets the wall clock; after five minutes it is believed to be right."""

    def __init__(self, wall_ms: Callable[[], int] = wall_ms, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._wall_ms = wall_ms
        self._monotonic_s = monotonic_s
        self._first_ms = self._anchor_ms = self._apart_ms
        self._set_s: float | None = None

    @property
    def _apart_ms(self) -> int:
        return self._wall_ms() - self._monotonic_ms

    @property
    def _monotonic_ms(self) -> int:
        return int(self._monotonic_s() * 1000)

    @property
    def ms(self) -> int:
        """Now, as the wall clock had it before it was set, if that was lately."""
        apart_ms, at_s = self._apart_ms, self._monotonic_s()
        if abs(apart_ms - self._anchor_ms) <= STEP_MS:
            self._set_s = None
        else:
            self._set_s = at_s if self._set_s is None else self._set_s
        if self._set_s is None or at_s - self._set_s > DISTRUST_S:
            self._anchor_ms, self._set_s = apart_ms, None
        return self._monotonic_ms + self._anchor_ms

    @property
    def even_ms(self) -> int:
        """The wall clock of the start, going on evenly for ever: for differences."""
        return self._monotonic_ms + self._first_ms

    @property
    def ahead_ms(self) -> int:
        """How far `even_ms` is ahead of `ms`."""
        return self.even_ms - self.ms

    def even_of(self, wall_ms: int | None) -> int | None:
        """What `even_ms` was when the wall clock showed `wall_ms` a moment ago; None when it never did, or was set since."""
        ago_ms = self._wall_ms() - wall_ms if wall_ms else -1
        return self.even_ms - ago_ms if ago_ms >= 0 else None


class Now:
    """What time it is for this worker, in epoch milliseconds.

    While the wall clock was set lately, it is the later one of two times: evidence is rather too old, and leases are rather over.
    With `Clock.STREAM` it is the largest arrival that was read: last year's recording is worked off as if it happened now.
    """

    def __init__(self, clock: Clock = Clock.WALL) -> None:
        self.clock = clock
        self._heard_ms = 0
        self._steady = Steady()

    def heard(self, arrival_ms: int) -> None:
        """Something arrived at `arrival_ms`."""
        self._heard_ms = max(self._heard_ms, arrival_ms)

    @property
    def earliest_ms(self) -> int:
        """Now; while the wall clock was set lately, the earlier one of two times."""
        return self._heard_ms if self.clock is Clock.STREAM else min(wall_ms(), self._steady.ms)

    @property
    def ms(self) -> int:
        """Now; with a stream clock 0 before anything was heard."""
        return self._heard_ms if self.clock is Clock.STREAM else max(wall_ms(), self._steady.ms)
