"""A policy whose parts are right each -> what does not fit together, with the path of each."""

from collections.abc import Iterator

from actions.policy.model import Policy
from actions.policy.reading import Path
from detectors.scope import parse_scope

Complaint = tuple[Path, str]


def complaints(policy: Policy) -> Iterator[Complaint]:
    """All that is wrong between the parts of a policy."""
    for check in CHECKS:
        yield from check(policy)


def names_are_unique(policy: Policy) -> Iterator[Complaint]:
    """A budget, a receiver and the quota of a scope stand once."""
    for key, names in (
        ("budgets", [each.name for each in policy.budgets]),
        ("receivers", [each.name for each in policy.receivers]),
        ("quotas", [each.scope for each in policy.quotas]),
    ):
        for i, name in enumerate(names):
            if name in names[:i]:
                yield (key, i), f"{name if isinstance(name, str) else 'this scope'} stands twice"


def routes_lead_somewhere(policy: Policy) -> Iterator[Complaint]:
    """A route names receivers that exist."""
    known = {each.name for each in policy.receivers}
    for i, route in enumerate(policy.routes):
        for name in route.to:
            if name not in known:
                yield ("routes", i, "to"), f"there is no receiver {name!r}"


def canary_targets_are_webhooks(policy: Policy) -> Iterator[Complaint]:
    """A canary's target is a webhook of this policy."""
    for service, target in policy.canary.targets.items():
        if target not in _webhooks(policy):
            yield ("canary", "targets", service), f"there is no webhook receiver {target!r}"


def remedies_have_targets(policy: Policy) -> Iterator[Complaint]:
    """A throttle is aimed at a scope or a dimension, anything else at a webhook of this policy."""
    for detector, remedies in policy.remedies.items():
        for i, remedy in enumerate(remedies):
            path = ("remedies", detector, i)
            if remedy.via is not None and remedy.via not in _webhooks(policy):
                yield (*path, "via"), f"there is no webhook receiver {remedy.via!r}"
            if remedy.target is None:
                if remedy.action == "fallback":
                    yield path, "a fallback needs a target: the name of a webhook receiver"
            elif remedy.action == "throttle":
                yield from _throttle_target(remedy.target, (*path, "target"))
            elif remedy.target not in _webhooks(policy):
                yield (*path, "target"), f"there is no webhook receiver {remedy.target!r}"


def _webhooks(policy: Policy) -> set[str]:
    return {each.name for each in policy.receivers if each.type == "webhook"}


def _throttle_target(target: str, path: Path) -> Iterator[Complaint]:
    from actions.policy.words import DIMENSIONS, exact_scope

    if target in DIMENSIONS:
        return
    try:
        if exact_scope(target) == ():
            yield path, "names nobody and so everybody"
    except ValueError as error:
        yield path, f"should be a dimension such as tenant, or a scope such as tenant=acme: {error}"


CHECKS = (names_are_unique, routes_lead_somewhere, canary_targets_are_webhooks, remedies_have_targets)
