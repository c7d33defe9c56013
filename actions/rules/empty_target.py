"""An empty selector once meant everybody; here it means that nothing is done."""

from actions.decision import Reason
from actions.rules.attempt import Attempt
from actions.targets import NOBODY


def empty_target(attempt: Attempt) -> Reason | None:
    """A remedy needs one exact target: not nobody, not everybody, not an overflow scope."""
    return Reason.EMPTY_TARGET if attempt.target == NOBODY else None
