"""Ends of judged windows and now -> how far behind the service is, whether it is blind, and whether it still catches up. Pure."""

from collections.abc import Callable
from typing import Any

from detectors.canonical import parse_time
from streams.now import DISTRUST_S, Now
from streams.window import Timing

CAUGHT_UP_S = 10.0
BLIND_S = 40.0
"""With what a window waits for anyway, that names it within a minute."""
JUMP_S = 5.0
NOTICE_MS = 1_000
"""What it takes to see that a log has been read to its end, to say so, and to judge: 0.7 s with a few records a second."""


class Progress:
    """How far windows have been judged.

    The lag of a service that keeps up is 0: what a window always waits for, its own length, the grace and the idle time, is no lag,
    nor is the moment that it takes to notice.

    Args:
        now: The clock; a stream's hears the end of each window, and its grace.
        fresh: Whether this is the first start, which works off history and acts on none of it.
    """

    def __init__(self, *, now: Now, timing: Timing, fresh: bool = False) -> None:
        self._now = now
        self._grace_ms = timing.grace_ms
        self._wait_ms = timing.window_ms + timing.grace_ms + timing.idle_ms + NOTICE_MS
        self._judged_ms: int | None = None
        self._acts_after: str | None = None if fresh else ""

    def judged(self, window_end: str) -> None:
        """A window was judged; what it leads to is about to be written."""
        self._now.heard(parse_time(window_end) + self._grace_ms)
        self._judged_ms = max(self._judged_ms or 0, parse_time(window_end))
        if self._acts_after is None and self.lag_s < CAUGHT_UP_S:
            self._acts_after = window_end

    @property
    def judged_ms(self) -> int | None:
        """End of the last judged window; None before the first."""
        return self._judged_ms

    @property
    def lag_s(self) -> float:
        """Seconds behind; 0 before the first window."""
        if self._judged_ms is None:
            return 0.0
        return max(self._now.ms - self._judged_ms - self._wait_ms, 0) / 1000

    @property
    def blind(self) -> str:
        """What is not seen, in words; "" when all is."""
        if self.lag_s <= BLIND_S:
            return ""
        return f"no window was complete for {self.lag_s:.0f} s: a source partition is lagging, without an owner or without a leader"

    @property
    def catching_up(self) -> bool:
        """Whether history is being worked off."""
        return self._acts_after is None

    def is_history(self, ts: str) -> bool:
        """Whether a decision of this `ts` belongs to the history that is acted on by nobody."""
        return self._acts_after is None or ts < self._acts_after

    def snapshot(self) -> list[Any]:
        """State that `restore` takes back."""
        return [self._judged_ms, self._acts_after]

    def restore(self, state: list[Any]) -> None:
        """Become what `snapshot` saw."""
        self._judged_ms, self._acts_after = state


class ClockWatch:
    """Says whether the wall clock can be trusted: it has not jumped against the monotonic clock in the last five minutes.

    Until then nothing destructive is done.
    """

    def __init__(self, *, wall_s: Callable[[], float], monotonic_s: Callable[[], float]) -> None:
        self._wall_s = wall_s
        self._monotonic_s = monotonic_s
        self._last = (wall_s(), monotonic_s())
        self._jumped_s: float | None = None

    def look(self) -> None:
        """Compare the clocks; called at least every second or so."""
        wall_s, monotonic_s = self._wall_s(), self._monotonic_s()
        if abs((wall_s - self._last[0]) - (monotonic_s - self._last[1])) > JUMP_S:
            self._jumped_s = monotonic_s
        self._last = (wall_s, monotonic_s)

    @property
    def sane(self) -> bool:
        """Whether it can be trusted now."""
        self.look()
        return self._jumped_s is None or self._monotonic_s() - self._jumped_s > DISTRUST_S
