"""What really became of a decision."""

import enum

import msgspec


class Outcome(enum.StrEnum):
    """The closed list of design 4.3."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    PENDING_APPROVAL = "pending_approval"
    EXPIRED = "expired"


class Hindrance(enum.StrEnum):
    """Why an effect was held back, or how it ended; gates on the world change the receipt, never the decision."""

    NOTHING = ""
    SHADOW = "shadow"  # the mode acts on nothing
    OBSERVE = "observe"  # the mode records only
    PAGE_ONLY = "page_only"  # the mode pages, but takes no remedies
    APPROVAL = "approval"  # a person has to agree first
    FROZEN = "frozen"  # somebody froze all acting
    STALE = "stale"  # the evidence is older than 120 s
    BLIND = "blind"  # Tidegate does not see all of the traffic
    CATCH_UP = "catch_up"  # the worker has not caught up with the log
    NO_RECEIVER = "no_receiver"  # the policy routes it to nobody
    CLAIMED_ELSEWHERE = "claimed_elsewhere"  # another worker has the claim
    REFUSED = "refused"  # the target says no, for good
    UNREACHABLE = "unreachable"  # no answer before the deadline
    SUPERSEDED = "superseded"  # a later decision made it pointless


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Design 4.3; field order is wire order. `at` is RFC 3339 UTC of the wall clock: receipts are no part of the law."""

    decision_id: str
    at: str
    dry_run: bool
    outcome: Outcome
    reason: Hindrance
    detail: str
    attempts: int
