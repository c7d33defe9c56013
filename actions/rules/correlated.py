"""When everybody is abnormal, nobody is: then the fault is ours, or a provider's."""

from actions.decision import Reason
from actions.rules.attempt import Attempt


def correlated(attempt: Attempt) -> Reason | None:
    """At least 10 scopes of the anomaly's roll-up alarm, and more than a tenth of them (`safety.brake_scopes`, `brake_share`)."""
    rollup = "+".join(sorted(attempt.anomaly.scope)) or "global"
    return Reason.CORRELATED if rollup in attempt.crowded else None
