"""What is known of one injection."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """One injection, when its consequences are over.

    Attributes:
        recovery_s: seconds from the fault until all was as it should be; None when that did not come.
        kills: workers that were killed in it.
    """

    recovery_s: float | None
    kills: int = 0
