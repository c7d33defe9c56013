"""Failed attempts -> how long to wait before the next one. Pure; chance is an argument."""

from dataclasses import dataclass

LONGEST_RETRY_AFTER_S = 300.0
"""A receiver may not put us off for longer than this at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Capped exponential back-off with full jitter (Brooker, 2015): uniform in [0, min(cap, base * 2^(n-1))].

    Attributes:
        base_s: upper bound of the first wait. Smaller finds a receiver sooner that was away for a moment.
        cap_s: upper bound of every wait. Larger spares a receiver that is down for long.
    """

    base_s: float = 1.0
    cap_s: float = 60.0

    def delay_s(self, failures: int, chance: float, retry_after_s: float | None = None) -> float:
        """Seconds to wait after `failures` >= 1 failures in a row; never less than the receiver asked for.

        Args:
            failures: attempts that failed so far.
            chance: uniform in [0, 1).
            retry_after_s: what the receiver asked for.

        >>> Backoff(base_s=1.0, cap_s=60.0).delay_s(3, 0.5)
        2.0
        >>> Backoff().delay_s(1, 0.0, retry_after_s=7.0)
        7.0
        """
        bound = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 60))
        return max(chance * bound, min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))
