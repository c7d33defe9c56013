"""What the policy says to do, with its reason; a function of telemetry, policy and control records alone."""

import enum
from typing import Any

import msgspec


class Action(enum.StrEnum):
    """The closed list of design 4.3."""

    PAGE = "page"
    TICKET = "ticket"
    NOTIFY = "notify"
    THROTTLE = "throttle"
    LIFT_THROTTLE = "lift_throttle"
    ROLLBACK = "rollback"
    PAUSE_CANARY = "pause_canary"
    FALLBACK = "fallback"
    NONE = "none"

    @property
    def destructive(self) -> bool:
        """Whether it takes something away from somebody: fails closed, and passes all the gates."""
        return self in {Action.THROTTLE, Action.ROLLBACK, Action.PAUSE_CANARY, Action.FALLBACK}


class Reason(enum.StrEnum):
    """Why a decision is what it is; the same word goes to log, metric and audit."""

    OPENED = "opened"  # the incident opened with this severity
    RISEN = "risen"  # its severity rose
    RESOLVED = "resolved"  # its cause is gone
    REMEDY = "remedy"  # the policy's remedy for this detector
    RENEWED = "renewed"  # the cause lasts, the lease is prolonged
    ESCALATED = "escalated"  # the cause lasts, the next level is taken
    RELEASED = "released"  # one step down, the cause is gone
    LIFTED_BY_HAND = "lifted_by_hand"  # a person asked for it
    EXPIRED = "expired"  # the longest hold is over; a person decides now
    NOT_CONFIGURED = "not_configured"  # none: the policy has no remedy for it
    WEAK_EVIDENCE = "weak_evidence"  # none: not critical, cold, or below the money floor
    PROTECTED = "protected"  # none: the policy protects this scope
    REPEAT = "repeat"  # none: done for this incident, or for this release once
    CAPPED = "capped"  # none: too many destructive actions in 10 min
    CORRELATED = "correlated"  # none: too many scopes alarm together
    EMPTY_TARGET = "empty_target"  # none: the remedy resolves to nobody or to everybody
    PROVIDER_FAULT = "provider_fault"  # none: throttling tenants does not mend a provider


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Design 4.3; field order is wire order.

    Attributes:
        id: content_id(incident | action | target | rung): the key of its effect; no clock and no policy version in it.
        ts: end of the window that led to it.
        target: scope text of a throttle, name of a release target, name of a receiver; "" for none.
        params: what the sender needs; for a throttle level, factor, until (RFC 3339) and, for the audit, why.
        dedup_key: the incident's id.
    """

    id: str
    incident_id: str
    ts: str
    action: Action
    target: str
    params: dict[str, Any]
    reason: Reason
    dedup_key: str
