"""Nothing is taken from anybody on weak evidence."""

from actions.decision import Reason
from actions.rules.attempt import Attempt
from detectors.anomaly import Severity


def evidence(attempt: Attempt) -> Reason | None:
    """Only what is critical is acted upon; what is cold or below the money floor never is critical."""
    return None if attempt.anomaly.severity is Severity.CRITICAL else Reason.WEAK_EVIDENCE
