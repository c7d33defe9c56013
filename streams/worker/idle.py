"""When records were read, and when a log was read to its end -> idle marks. Pure; times are arguments."""

from collections import deque

from streams.window import Timing

FRESH_MS = 60_000
"""A record that reached the log longer ago than this tells nothing about clocks."""
REMEMBERED = 64


class Skew:
    """The worker's clock less the clock of arrivals: the smallest difference among the last fresh records read.

    A record is read after it arrived, so each difference is the skew and a delay that is not negative; the smallest has the
    smallest delay. Only records that were waited for count: one that had been lying in the log has its own wait in the difference.

    >>> skew = Skew()
    >>> skew.read(arrival_ms=1_000, at_ms=4_020)
    >>> skew.read(arrival_ms=2_000, at_ms=5_004)
    >>> skew.ms
    3004
    """

    def __init__(self) -> None:
        self._differences: deque[int] = deque(maxlen=REMEMBERED)

    def read(self, *, arrival_ms: int, at_ms: int, ahead_ms: int = 0) -> None:
        """A record of `arrival_ms` was read at the end of a log, at `at_ms` of a clock that is `ahead_ms` ahead of the wall's."""
        if abs(at_ms - ahead_ms - arrival_ms) <= FRESH_MS:
            self._differences.append(at_ms - arrival_ms)

    @property
    def ms(self) -> int | None:
        """How far the worker's clock is ahead; None while nothing is known."""
        return min(self._differences, default=None)


class Idleness:
    """Of one source partition: whether it is idle, and which idle mark is due.

    Times are those of one clock: the wall clock, or with `--clock stream` the largest arrival that was read.
    """

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self._last_ms: int | None = None
        self._announced: int | None = None

    def read(self, at_ms: int) -> None:
        """Records were read at `at_ms`."""
        self._last_ms = at_ms if self._last_ms is None else max(self._last_ms, at_ms)

    def announced(self, watermark_ms: int | None) -> None:
        """A block or mark with this watermark was sent."""
        if watermark_ms is not None:
            window = watermark_ms // self.timing.window_ms
            self._announced = window if self._announced is None else max(self._announced, window)

    def idle_at(self, *, ended_at_ms: int, skew_ms: int = 0) -> int | None:
        """Since when the partition is idle, in the clock of arrivals; None while it is not.

        Args:
            ended_at_ms: When the log was last known to be read to its end.
            skew_ms: How far this clock is ahead of arrivals.
        """
        if self._last_ms is not None and ended_at_ms - self._last_ms < self.timing.idle_ms:
            return None
        return ended_at_ms - skew_ms - self.timing.idle_ms

    def is_due(self, idle_at_ms: int) -> bool:
        """Whether an idle mark lets another window be complete."""
        return self._announced is None or (idle_at_ms - self.timing.grace_ms) // self.timing.window_ms > self._announced
