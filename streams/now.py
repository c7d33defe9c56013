"""The wall clock, or the arrivals that were read -> now."""

import time

from streams.settings import Clock


class Now:
    """What time it is for this worker, in epoch milliseconds.

    With `Clock.STREAM` it is the largest arrival that was read: last year's recording is worked off as if it happened now.
    """

    def __init__(self, clock: Clock = Clock.WALL) -> None:
        self.clock = clock
        self._heard_ms = 0

    def heard(self, arrival_ms: int) -> None:
        """Something arrived at `arrival_ms`."""
        self._heard_ms = max(self._heard_ms, arrival_ms)

    @property
    def ms(self) -> int:
        """Now; with a stream clock 0 before anything was heard."""
        return self._heard_ms if self.clock is Clock.STREAM else wall_ms()


def wall_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000
