"""What holds a decision back, or what its receiver said -> the receipt. Pure; time is an argument."""

from actions.decision import Action
from actions.gates import PAGES, World, hindrance
from actions.outbox import Pending
from actions.receipt import Hindrance, Outcome, Receipt
from actions.sink import Answer, Word

DETAIL_CHARS = 500
_DRY = frozenset({Hindrance.OBSERVE, Hindrance.SHADOW, Hindrance.PAGE_ONLY})


def receipt_of(pending: Pending, at: str, outcome: Outcome, reason: Hindrance, detail: str = "") -> Receipt:
    """A receipt of what was tried so far."""
    return Receipt(
        decision_id=pending.decision.id,
        at=at,
        dry_run=reason in _DRY,
        outcome=outcome,
        reason=reason,
        detail=detail[:DETAIL_CHARS],
        attempts=pending.attempts,
    )


def held_back(pending: Pending, world: World, at: str, *, overtaken: bool) -> Receipt | None:
    """The receipt of a decision that may not be performed now; None lets it pass.

    Args:
        pending: the decision and what was tried.
        world: as it is now.
        at: RFC 3339, now.
        overtaken: whether a later decision about the same thing, waiting behind it, makes it pointless.
    """
    decision = pending.decision
    if decision.action is Action.NONE:
        return receipt_of(pending, at, Outcome.SKIPPED, Hindrance.NOTHING, "nothing to do")
    late = decision.action in PAGES and world.evidence_age_s > world.stale_s
    if overtaken and (pending.failures or pending.waiting or late):
        return receipt_of(pending, at, Outcome.SKIPPED, Hindrance.SUPERSEDED, f"a later decision says what is true{_last(pending)}")
    return _hindered(pending, world, at, hindrance(decision, world))


def _hindered(pending: Pending, world: World, at: str, reason: Hindrance) -> Receipt | None:
    if reason is Hindrance.NOTHING:
        return None
    if reason is Hindrance.APPROVAL and world.approved is not False:
        return receipt_of(pending, at, Outcome.PENDING_APPROVAL, reason, "a person has to agree")
    if reason is Hindrance.APPROVAL:
        return receipt_of(pending, at, Outcome.SKIPPED, reason, "a person refused")
    if reason is Hindrance.STALE and pending.waiting:
        return receipt_of(pending, at, Outcome.EXPIRED, Hindrance.APPROVAL, "nobody agreed in time")
    if reason is Hindrance.STALE and pending.attempts:
        return receipt_of(pending, at, Outcome.EXPIRED, Hindrance.UNREACHABLE, f"given up{_last(pending)}")
    # What was begun is not skipped: a part of it may stand until its lease ends.
    begun = pending.attempts > 0 or pending.doubtful
    return receipt_of(pending, at, Outcome.FAILED if begun else Outcome.SKIPPED, reason, _last(pending).removeprefix("; "))


def _last(pending: Pending) -> str:
    if pending.said:
        return f"; last attempt: {pending.said}"
    return "; somebody claimed it before and left no receipt: it may be there" if pending.doubtful else ""


def judged(pending: Pending, answer: Answer, at: str, *, repeatable: bool) -> Receipt | None:
    """The receipt that the receiver's answer makes; None: try again."""
    if answer.word is Word.ACCEPTED:
        return receipt_of(pending, at, Outcome.DONE, Hindrance.NOTHING, answer.detail)
    if answer.word is Word.REFUSED:
        return receipt_of(pending, at, Outcome.FAILED, Hindrance.REFUSED, answer.detail)
    if answer.word is Word.UNKNOWN and not repeatable:
        return receipt_of(pending, at, Outcome.FAILED, Hindrance.UNREACHABLE, f"not repeated, it may be there: {answer.detail}")
    return None
