"""Calls in time -> whether one more may be made now. Pure; time is an argument."""


class TokenBucket:
    """Lets through at most `capacity` calls at once and `per_minute` a minute, so at most their sum in any 60 s.

    PagerDuty takes about 120 events a minute and key over a trailing 60 s; 20 + 80 stays below it.
    """

    def __init__(self, *, capacity: float = 20.0, per_minute: float = 80.0) -> None:
        self._capacity = capacity
        self._per_s = per_minute / 60.0
        self._tokens = capacity
        self._at_s: float | None = None

    def take(self, now_s: float) -> float:
        """Take one token: 0 when there was one, else the seconds until there will be one; then nothing was taken."""
        elapsed_s = 0.0 if self._at_s is None else max(0.0, now_s - self._at_s)
        self._at_s = now_s
        self._tokens = min(self._capacity, self._tokens + elapsed_s * self._per_s)
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._per_s
