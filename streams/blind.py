"""Up to when each source partition was seen, and now -> which are blind, and the marks that let windows go on without them. Pure.

A mark goes over `tidegate.windows` as blocks do, so that what is judged without a partition is a matter of that log.
"""

from collections.abc import Iterable, Mapping

import msgspec

from streams.window import Timing

NEVER_MS = -(2**62)
"""Up to when a partition was seen that never was."""
BEHIND_MS = 10_000
"""How far a partition may be behind what every window waits for."""
STILL_S = 32.0
"""A partition that is behind and does not move for so long is blind: some 60 s after its last record at the latest."""
SLOW_S = 32.0
"""One that moves, and stays behind while another is not, is blind after so long."""
GAIN = 0.5
"""Whoever gains so many seconds on the others in a second catches up."""
ASLEEP_S = 15.0
"""Who looked longer ago than this was asleep, and knows nothing of how long anything has lasted."""


class BlindMark(msgspec.Struct, frozen=True, kw_only=True):
    """Says that windows up to `until_ms` need not wait for a source partition that was seen up to `seen_ms`."""

    partition: int
    seen_ms: int
    until_ms: int
    why: str


class Sight:
    """Which source partitions are blind, for the one worker that judges.

    A partition is *behind* when its windows are later than all windows are anyway. One that is behind is blind when it has not
    moved for `STILL_S`, or when it was behind for `SLOW_S` while another partition was not, and did not catch up meanwhile. What
    works off a backlog is late, not blind: nothing of it may be lost to learning.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._wait_ms = timing.window_ms + timing.grace_ms + timing.idle_ms + BEHIND_MS
        self._looked_s: float | None = None
        self._seen: dict[int, int] = {}
        self._moved_s: dict[int, float] = {}
        self._behind: dict[int, tuple[float, int]] = {}
        self._slow: set[int] = set()

    def look(self, seen_ms: Mapping[int, int], *, now_ms: int, at_s: float) -> tuple[int, ...]:
        """The partitions that are blind; called every few seconds with the wall clock and monotonic time."""
        if self._looked_s is None or at_s - self._looked_s > ASLEEP_S:
            self._moved_s.clear()
            self._behind.clear()
        self._looked_s = at_s
        lags = {partition: now_ms - at_ms for partition, at_ms in seen_ms.items()}
        behind = {partition for partition, lag_ms in lags.items() if lag_ms > self._wait_ms}
        for partition, at_ms in seen_ms.items():
            if partition not in behind or self._seen.get(partition) != at_ms:
                self._moved_s[partition] = at_s
            self._compare(partition, lags[partition], alone=partition in behind and len(behind) < len(lags), at_s=at_s)
        self._seen = dict(seen_ms)
        return tuple(sorted(each for each in behind if each in self._slow or self._stands(each, at_s)))

    def _stands(self, partition: int, at_s: float) -> bool:
        return at_s - self._moved_s.setdefault(partition, at_s) >= STILL_S

    def _compare(self, partition: int, lag_ms: int, *, alone: bool, at_s: float) -> None:
        """Note whether a partition that is behind when others are not gains on them."""
        if not alone:
            self._behind.pop(partition, None)
            self._slow.discard(partition)
            return
        since_s, lag_then_ms = self._behind.setdefault(partition, (at_s, lag_ms))
        if at_s - since_s >= SLOW_S:
            gains = lag_then_ms - lag_ms >= (at_s - since_s) * 1000 * GAIN
            (self._slow.discard if gains else self._slow.add)(partition)
            self._behind[partition] = (at_s, lag_ms)

    def marks(self, blind: Iterable[int], why: Mapping[int, str], *, now_ms: int) -> list[BlindMark]:
        """What lets the windows that all others have passed by now be judged without the blind ones."""
        until_ms = now_ms - self._timing.grace_ms - self._timing.idle_ms
        until_ms -= until_ms % self._timing.window_ms
        return [
            BlindMark(partition=each, seen_ms=self._seen[each], until_ms=until_ms, why=why.get(each, "lagging")) for each in blind
        ]
