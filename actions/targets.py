"""A remedy and an anomaly -> whom the remedy is for."""

from collections.abc import Mapping

from actions.policy.model import Policy
from actions.policy.money import Quota
from actions.policy.remedies import Remedy
from actions.policy.words import DIMENSIONS
from actions.trace import LEADING_SHARE, known_contributors, suspected
from detectors.anomaly import Anomaly
from detectors.scope import GLOBAL, OTHER, Scope, parse_scope, scope_of, scope_text

NOBODY = ""
_UNSAFE = frozenset({OTHER, "", "*"})
"""Values that a gateway could take for everybody, or that stand for many."""


def target_of(remedy: Remedy, anomaly: Anomaly, policy: Policy) -> str:
    """Scope text of a throttle, else the name of a receiver; NOBODY when it comes to nobody, or to everybody."""
    if remedy.action == "throttle":
        scope = _throttled(remedy, anomaly)
        exact = scope != GLOBAL and not any(value.strip() in _UNSAFE for _, value in scope)
        return scope_text(scope) if exact else NOBODY
    if remedy.action in {"rollback", "pause_canary"}:
        service, release = release_of(anomaly)
        if not service or not release:
            return NOBODY
        return remedy.target or policy.canary.targets.get(service, NOBODY)
    return remedy.target or NOBODY


def _throttled(remedy: Remedy, anomaly: Anomaly) -> Scope:
    if remedy.target is None:
        return scope_of(anomaly.scope)
    if remedy.target in DIMENSIONS:
        return _of_dimension(remedy.target, anomaly)
    return parse_scope(remedy.target)


def _of_dimension(dimension: str, anomaly: Anomaly) -> Scope:
    """The value of a dimension that the anomaly is about, or that is known, not guessed, to have at least half of its excess."""
    leaders = (scope for scope, share in known_contributors(anomaly) if share >= LEADING_SHARE)
    for scope in (anomaly.scope, *leaders):
        if dimension in scope:
            return ((dimension, scope[dimension]),)
    return GLOBAL


def release_of(anomaly: Anomaly) -> tuple[str, str]:
    """(service, release) that an anomaly accuses; "" for what it does not say."""
    change: Mapping[str, str] = {**suspected(anomaly), **anomaly.scope}
    return change.get("service", ""), change.get("release", "")


def limit_of(target: str, factor: float, quotas: tuple[Quota, ...]) -> dict[str, int | None] | None:
    """What a throttle leaves of the normal quota of a scope, at least 1; None when the policy knows no normal quota."""
    pairs = set(parse_scope(target))
    fitting = [quota for quota in quotas if set(quota.scope) <= pairs]
    if not fitting:
        return None
    quota = max(fitting, key=lambda each: len(each.scope))
    return {
        "requests_per_min": _part(quota.requests_per_min, factor),
        "tokens_per_min": _part(quota.tokens_per_min, factor),
    }


def _part(normal: int | None, factor: float) -> int | None:
    return None if normal is None else max(1, int(normal * factor))
