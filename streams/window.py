"""Event time -> windows and chunks: the settings of time and the arithmetic on it."""

from dataclasses import dataclass

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Every setting of event time; durations in milliseconds.

    Attributes:
        window_ms: length of a window `[start, end)`; window k starts at k times it.
        grace_ms: how far the watermark stays behind the clock; a larger one makes fewer records late and every verdict later.
        idle_ms: how long a partition that was read to its end must be quiet to count as idle.
        future_ms: how far a record's time may lie after its arrival.
        correction_ms: how far a record may lie behind the clock; what is older is `too_old`.
        dedupe_ms: how far behind the clock event ids are remembered.
        ahead_ms: how far a source partition may be read ahead of the slowest one that has records to read.
        jump_ms: without arrivals, how far ahead of the clock a record is believed at once.
    """

    window_ms: int = 10_000
    grace_ms: int = 5_000
    idle_ms: int = 2_000
    future_ms: int = 60_000
    correction_ms: int = 48 * HOUR_MS
    dedupe_ms: int = 900_000
    ahead_ms: int = 120_000
    jump_ms: int = HOUR_MS

    def __post_init__(self) -> None:
        """Keep windows to what the keys of cells can hold.

        Raises:
            ValueError: when a duration is negative or windows are too short for the corrections.
        """
        if self.window_ms < 1 or min(self.grace_ms, self.idle_ms, self.future_ms, self.correction_ms, self.dedupe_ms) < 0:
            raise ValueError("durations must not be negative, and window_ms not below 1")
        if self.open_windows > MAX_OPEN_WINDOWS:
            raise ValueError(f"window_ms = {self.window_ms} is too short for corrections of {self.correction_ms} ms")

    @property
    def open_windows(self) -> int:
        """How many different windows the records of one chunk can lie in, at most."""
        ahead = max(self.future_ms, self.jump_ms) + self.grace_ms
        return (self.correction_ms + ahead) // self.window_ms + 8

    def first_window(self, chunk: int) -> int:
        """The oldest window that a record of the chunk can lie in, or one before it."""
        return chunk - self.correction_ms // self.window_ms - 3

    def chunk_of(self, clock_ms: int) -> int:
        """The window in which the watermark lies."""
        return (clock_ms - self.grace_ms) // self.window_ms


MAX_OPEN_WINDOWS = 1 << 22
