"""A throttle in force and the time -> its next step: kept, renewed, escalated, one level down, or over. Pure arithmetic of leases.

    taken -> (renewed | escalated)* -> letting go: (one level down | renewed)* -> lifted

A lease ends by itself at `until`, at most 15 min after the decision: when Tidegate dies, throttles end.
"""

import enum

from actions.cases import Held
from actions.policy.remedies import Safety

RENEW_SHARE = 1 / 3
"""A lease is renewed when so much of it is left, so that a slow or restarted worker loses no throttle."""


class Step(enum.Enum):
    """What is to be done about a throttle now."""

    KEEP = enum.auto()
    RENEW = enum.auto()
    ESCALATE = enum.auto()
    EXPIRE = enum.auto()  # held for the longest time; begin to let go, and ask a person
    DOWN = enum.auto()  # to the level below; below level 1 it is lifted


def next_step(held: Held, now_ms: int, safety: Safety, *, escalate: bool = True) -> Step:
    """What is to be done about a throttle at the end of a window; without `escalate` its level is not raised."""
    if held.letting_go is not None:
        due = now_ms - held.level_since_ms >= held.hold_ms
        return Step.DOWN if due else _renewed(held, now_ms, safety)
    if now_ms - held.since_ms >= safety.max_hold_ms:
        return Step.EXPIRE
    if escalate and _escalates(held, now_ms):
        return Step.ESCALATE
    return _renewed(held, now_ms, safety)


def _escalates(held: Held, now_ms: int) -> bool:
    if held.escalate_after_ms is None or held.level >= held.max_level:
        return False
    return now_ms - held.level_since_ms >= max(held.escalate_after_ms, held.hold_ms)


def _renewed(held: Held, now_ms: int, safety: Safety) -> Step:
    return Step.RENEW if held.until_ms - now_ms <= safety.lease_ms * RENEW_SHARE else Step.KEEP


def set_level(held: Held, level: int, now_ms: int, safety: Safety) -> None:
    """Bring a throttle to a level and begin a new lease."""
    if level != held.level:
        held.level = level
        held.level_since_ms = now_ms
    held.until_ms = now_ms + safety.lease_ms
    held.rung += 1
