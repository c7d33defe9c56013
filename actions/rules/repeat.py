"""What was done is not done again."""

from actions.decision import Action, Reason
from actions.rules.attempt import Attempt


def repeat(attempt: Attempt) -> Reason | None:
    """A throttle that stands at this level or above, a remedy that is spent for this incident, a release that was dealt with."""
    if attempt.release_key and attempt.release_key in attempt.releases:
        return Reason.REPEAT
    stands = attempt.action is Action.THROTTLE and attempt.held is not None and not attempt.escalates
    return Reason.REPEAT if stands or f"{attempt.action}|{attempt.target}" in attempt.case.done else None
