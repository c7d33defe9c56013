"""Automation that acts without end does more harm than what it fights."""

from collections.abc import Sequence

from actions.cases import Taken
from actions.decision import Reason
from actions.rules.attempt import Attempt

ALL_WITHIN_MS = 10 * 60_000
SCOPE_WITHIN_MS = 60 * 60_000


def capped(attempt: Attempt) -> Reason | None:
    """At most 6 destructive actions in 10 minutes, and 2 fresh ones an hour for one target (`safety`)."""
    safety = attempt.safety
    if within(attempt.taken, attempt.now_ms, ALL_WITHIN_MS) >= safety.max_destructive:
        return Reason.CAPPED
    mine = [each for each in attempt.taken if each.fresh and each.target == attempt.target]
    fresh = not attempt.escalates
    too_often = within(mine, attempt.now_ms, SCOPE_WITHIN_MS) >= safety.max_destructive_per_scope
    return Reason.CAPPED if fresh and too_often else None


def within(taken: Sequence[Taken], now_ms: int, span_ms: int) -> int:
    """How many were taken less than `span_ms` ago."""
    return sum(1 for each in taken if now_ms - each.at_ms < span_ms)
