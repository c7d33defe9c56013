"""Times at which partitions were taken away -> whether another living worker has our id. Pure."""

from collections import deque

LOSSES = 6
GAP_S = 4.0
"""Two workers of one id take everything from each other every heartbeat, which is 2 s; a deployment rebalances more slowly."""


class Kicked:
    """Counts losses that follow each other closely.

    >>> kicked = Kicked()
    >>> [kicked.lost(at_s) for at_s in (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)]
    [False, False, False, False, False, True]
    """

    def __init__(self) -> None:
        self._losses: deque[float] = deque(maxlen=LOSSES)

    def lost(self, at_s: float) -> bool:
        """Partitions were taken away at monotonic `at_s`; True when this has gone on for too long to be a rebalance."""
        if self._losses and at_s - self._losses[-1] > GAP_S:
            self._losses.clear()
        self._losses.append(at_s)
        return len(self._losses) == LOSSES

    def lately(self, at_s: float) -> bool:
        """Whether partitions were taken away in the last seconds."""
        return bool(self._losses) and at_s - self._losses[-1] <= GAP_S

    def said(self, error: Exception, instance: str | None, at_s: float) -> str:
        """What to tell a person when the group fails, whose words for it the client does not all know."""
        if instance is not None and (self.lately(at_s) or "UnknownError" in str(error)):
            return other_worker(instance)
        return f"Kafka gives no telemetry any more: {error or type(error).__name__}; start the worker again"


def other_worker(instance: str) -> str:
    """What to tell a person."""
    return f"another living worker has the id {instance}: both take everything from each other; give each its own --worker-id"
