"""The users of a broken provider are victims."""

from actions.decision import Action, Reason
from actions.rules.attempt import Attempt
from actions.trace import provider_fault as suspects_provider
from detectors.scope import parse_scope


def provider_fault(attempt: Attempt) -> Reason | None:
    """To throttle tenants does not mend a provider; to throttle the traffic to the provider may."""
    if attempt.action is not Action.THROTTLE:
        return None
    aimed_at_provider = any(dimension == "provider" for dimension, _ in parse_scope(attempt.target))
    suspected = attempt.case.provider_fault or suspects_provider(attempt.anomaly)
    return Reason.PROVIDER_FAULT if suspected and not aimed_at_provider else None
