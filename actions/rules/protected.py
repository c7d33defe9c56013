"""Some scopes are never limited, whatever they cost."""

from collections.abc import Iterable

from actions.decision import Action, Reason
from actions.rules.attempt import Attempt
from detectors.scope import Scope, parse_scope, scope_of


def protected(attempt: Attempt) -> Reason | None:
    """A throttle spares protected scopes and what lies within them; a fallback spares them too."""
    if attempt.action is Action.THROTTLE:
        hit = is_protected(parse_scope(attempt.target), attempt.safety.protected)
    elif attempt.action is Action.FALLBACK:
        hit = is_protected(scope_of(attempt.anomaly.scope), attempt.safety.protected)
    else:
        return None
    return Reason.PROTECTED if hit else None


def is_protected(scope: Scope, spared: Iterable[Scope]) -> bool:
    """Whether a scope is one of those, or lies within one."""
    return any(set(each) <= set(scope) for each in spared)
