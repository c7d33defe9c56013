"""A policy whose parts are right each -> what does not fit together, with the path of each."""

from collections.abc import Iterator

from actions.policy.compile import SettingError, known_parameters, try_settings
from actions.policy.model import Mode, Policy
from actions.policy.reading import Path
from actions.policy.words import DIMENSIONS, exact_scope

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
    if target in DIMENSIONS:
        return
    try:
        if exact_scope(target) == ():
            yield path, "names nobody and so everybody"
    except ValueError as error:
        yield path, f"should be a dimension such as tenant, or a scope such as tenant=acme: {error}"


def receivers_are_no_dimensions(policy: Policy) -> Iterator[Complaint]:
    """A receiver has no name that means a scope elsewhere."""
    for i, receiver in enumerate(policy.receivers):
        if receiver.name in DIMENSIONS:
            yield ("receivers", i, "name"), f"{receiver.name} is the name of a dimension"


def throttles_do_not_meet(policy: Policy) -> Iterator[Complaint]:
    """A detector has one throttle for a target; its level is raised by `escalate_after`."""
    for detector, remedies in policy.remedies.items():
        aims = [(each.action, each.target) for each in remedies]
        for i, aim in enumerate(aims):
            if aim in aims[:i]:
                yield ("remedies", detector, i), "another remedy of this detector does the same to the same target"


def detectors_take_their_settings(policy: Policy) -> Iterator[Complaint]:
    """A detector has the parameters that are set, and accepts their values."""
    for name, settings in policy.detectors.items():
        if not settings.parameters and settings.scopes is None:
            continue
        try:
            try_settings(name, settings)
        except SettingError as error:
            yield ("detectors", name, *error.key), str(error)


CHECKS = (
    names_are_unique,
    receivers_are_no_dimensions,
    routes_lead_somewhere,
    canary_targets_are_webhooks,
    remedies_have_targets,
    throttles_do_not_meet,
    detectors_take_their_settings,
)


def notes(policy: Policy) -> Iterator[str]:
    """What is allowed but may not be meant: for those who check a policy."""
    named = {*(name for name, each in policy.detectors.items() if each.enabled), *policy.remedies}
    for name in sorted(named):
        if known_parameters(name) is None:
            yield f"this version has no detector {name}: what is said of it has no effect"
    if policy.mode in {Mode.PAGE, Mode.APPROVE, Mode.ACT} and not policy.routes:
        yield f"mode {policy.mode} without routes: nobody is told of anything"
    if policy.mode in {Mode.APPROVE, Mode.ACT} and not policy.remedies:
        yield f"mode {policy.mode} without remedies: nothing is ever done"
    used = _used_receivers(policy)
    yield from (f"nothing leads to receiver {each.name}" for each in policy.receivers if each.name not in used)


def _used_receivers(policy: Policy) -> set[str | None]:
    told = {name for route in policy.routes for name in route.to}
    remedies = [remedy for each in policy.remedies.values() for remedy in each]
    return {*told, *policy.canary.targets.values(), *(each.via for each in remedies), *(each.target for each in remedies)}
