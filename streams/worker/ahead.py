"""How far each source partition of a worker has been read, and what was judged -> which of them have to wait. Pure.

Blocks wait in stage 2 until the slowest partition has passed their windows, so one that is read far ahead of the others fills
memory there and brings nothing forward. Who waits changes no answer: blocks follow from each partition's log alone.
"""

from collections.abc import Mapping

GROWS_S = 5.0
"""While nothing moves, the room doubles so often: a gap in the log, or a partition that nobody reads, stops no other for long."""
MOST_DOUBLINGS = 32


class Ahead:
    """Holds back the partitions that run ahead of the slowest one that has records to read, here or on another worker.

    Other workers' partitions show in the end of the last judged window, which is never later than the slowest of all.

    Args:
        ahead_ms: how far ahead is too far.
    """

    def __init__(self, ahead_ms: int) -> None:
        self._ahead_ms = ahead_ms
        self._floor_ms: int | None = None
        self._moved_s = 0.0

    def waiting(self, reading: Mapping[int, int], *, judged_ms: int | None, at_s: float) -> frozenset[int]:
        """The partitions that have to wait now.

        Args:
            reading: watermarks of this worker's partitions that have records to read.
            judged_ms: end of the last judged window; None when there is none, or it says nothing.
            at_s: monotonic time.
        """
        if not reading:
            return frozenset()
        floor_ms = min([*reading.values(), *([] if judged_ms is None else [judged_ms])])
        if floor_ms != self._floor_ms:
            self._floor_ms, self._moved_s = floor_ms, at_s
        doublings = min(int((at_s - self._moved_s) / GROWS_S), MOST_DOUBLINGS)
        limit_ms = floor_ms + (self._ahead_ms << doublings)
        return frozenset(partition for partition, watermark_ms in reading.items() if watermark_ms > limit_ms)
