"""Two anomalies -> whether they have one cause, and which of an incident's anomalies is nearest to it."""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from detectors.anomaly import Anomaly, Severity
from detectors.scope import OTHER, scope_of, scope_text

LEADING_SHARE = 0.5
"""A contributor with at least this share of an excess is taken for its cause."""

NOT_IDENTIFYING = frozenset({"env", "tier", "region", "cohort", "segment", "release", "service_tier"})
"""Dimensions with so few values that two anomalies share one by chance; a release number means nothing without its service."""

STATES = frozenset({"budget_threshold", "budget_forecast", "quota_exceeded", "unknown_price", "tag_coverage"})
"""Detectors whose anomalies may last for weeks. They join what they follow from, and draw nothing in: each new fault is paged."""

_PERSONAL = frozenset({"tenant", "session_id", "job_id", "caller", "release"})
"""Dimensions with so many values that two anomalies led by the same one share their cause."""

Pairs = frozenset[tuple[str, str]]


class Bond(enum.IntEnum):
    """How two anomalies hang together, the strongest first."""

    CAUSE = 0  # the same release, model or provider is suspected
    SCOPE = 1  # they share a scope value
    CONTRIBUTOR = 2  # one is most of the other
    NONE = 9


class Rank(enum.IntEnum):
    """How near an anomaly stands to a cause; nearer ones are taken first and name the incident."""

    PROVIDER_FAULT = 0
    RELEASE = 1
    TENANT = 2
    REST = 3
    EVERYBODY = 4


@dataclass(frozen=True, slots=True)
class Trace:
    """What of an anomaly points to its cause, as sets of (dimension, value).

    Attributes:
        cause: of the suspected release, model or provider; empty when there is none.
        leaders: contributors with at least half of the excess.
        listed: all contributors that are named.
    """

    detector: str
    scope: Pairs
    identity: Pairs
    cause: Pairs
    leaders: tuple[Pairs, ...]
    listed: tuple[Pairs, ...]
    rank: Rank

    @classmethod
    def of(cls, anomaly: Anomaly) -> Self:
        """The trace of an anomaly."""
        cause = suspected(anomaly)
        named = list(contributors(anomaly))
        return cls(
            detector=anomaly.detector,
            scope=frozenset(anomaly.scope.items()),
            identity=frozenset((name, value) for name, value in anomaly.scope.items() if _identifies(name, value)),
            cause=frozenset(cause.items()),
            leaders=tuple(frozenset(scope.items()) for scope, share in named if share >= LEADING_SHARE and scope),
            listed=tuple(frozenset(scope.items()) for scope, _ in named if scope),
            rank=_rank(anomaly, cause),
        )


def _identifies(dimension: str, value: str) -> bool:
    return dimension not in NOT_IDENTIFYING and value != OTHER


def suspected(anomaly: Anomaly) -> dict[str, str]:
    """The suspected release, model or provider as a scope; empty when nothing is suspected."""
    change = anomaly.suspected_change or {}
    named = {"provider": ("provider",), "model": ("model",), "release": ("service", "release")}.get(str(change.get("kind")), ())
    return {name: str(change[name]) for name in named if change.get(name)}


def provider_fault(anomaly: Anomaly) -> bool:
    """Whether a provider is suspected: then its users are not to blame."""
    return "provider" in suspected(anomaly)


def contributors(anomaly: Anomaly) -> Iterable[tuple[dict[str, str], float]]:
    """(scope, share of the excess) of the contributors that the evidence names."""
    named = anomaly.evidence.get("contributors")
    for each in named if isinstance(named, list | tuple) else ():
        scope, share = (each.get("scope"), each.get("share")) if isinstance(each, Mapping) else (None, None)
        if isinstance(scope, Mapping) and isinstance(share, int | float):
            yield {str(name): str(value) for name, value in scope.items()}, float(share)


def _rank(anomaly: Anomaly, cause: Mapping[str, str]) -> Rank:
    if "provider" in cause and "provider" in anomaly.scope and "tenant" not in anomaly.scope:
        return Rank.PROVIDER_FAULT
    if "release" in cause or "release" in anomaly.scope:
        return Rank.RELEASE
    if "tenant" in anomaly.scope:
        return Rank.TENANT
    return Rank.REST if anomaly.scope else Rank.EVERYBODY


def cause_first(anomalies: Iterable[Anomaly]) -> list[Anomaly]:
    """In the order in which they are taken: causes before what they cause; the same for any order of arrival."""
    traced = [(Trace.of(each), each) for each in anomalies]
    parts: dict[tuple[str, str], list[Trace]] = {}
    for trace, _ in traced:
        for pair in trace.scope:
            parts.setdefault(pair, []).append(trace)

    def explained(trace: Trace) -> bool:
        near = (part for leader in trace.leaders for part in parts.get(min(leader), ()))
        return any(part.scope != trace.scope and _is_most_of(part, trace) for part in near)

    def place(each: tuple[Trace, Anomaly]) -> tuple[bool, int, bool, int, int, str, str]:
        trace, anomaly = each
        loudest = -anomaly.severity.rank
        name = (anomaly.detector, scope_text(scope_of(anomaly.scope)))
        return (anomaly.detector in STATES, min(trace.rank, Rank.TENANT), explained(trace), trace.rank, loudest, *name)

    return [anomaly for _, anomaly in sorted(traced, key=place)]


def bond(new: Trace, old: Trace) -> Bond:
    """How a new anomaly hangs together with one that lasts; nothing joins a state but another state of its scope."""
    strength = _bond(new, old)
    if old.detector not in STATES:
        return strength
    return strength if new.detector in STATES and strength is Bond.SCOPE else Bond.NONE


def _bond(one: Trace, other: Trace) -> Bond:
    if (one.cause and one.cause == other.cause) or _is_cause_of(one, other) or _is_cause_of(other, one):
        return Bond.CAUSE
    if one.identity & other.identity or (not one.scope and not other.scope):
        return Bond.SCOPE
    if _victim(one, other) or _victim(other, one):
        return Bond.CAUSE
    if _is_most_of(one, other) or _is_most_of(other, one) or _one_leader(one, other):
        return Bond.CONTRIBUTOR
    return Bond.NONE


def _is_cause_of(one: Trace, other: Trace) -> bool:
    return bool(other.cause) and other.cause <= one.scope


def _victim(provider: Trace, other: Trace) -> bool:
    """Whether `other` says of a user what `provider` says of its provider."""
    if provider.rank is not Rank.PROVIDER_FAULT or provider.detector != other.detector:
        return False
    return any(each <= other.scope for each in provider.listed) or any(provider.cause <= each for each in other.leaders)


def _is_most_of(part: Trace, whole: Trace) -> bool:
    """Whether `whole` names `part` as its leader, and `part` is not itself mostly somebody else's doing."""
    if not any(each <= part.scope for each in whole.leaders):
        return False
    rollup = {dimension for dimension, _ in whole.scope}
    rivals = [each for each in part.leaders if {dimension for dimension, _ in each} == rollup]
    return not rivals or any(each == whole.scope for each in rivals)


def _one_leader(one: Trace, other: Trace) -> bool:
    return any(each in other.leaders and any(dimension in _PERSONAL for dimension, _ in each) for each in one.leaders)


def nearest_to_cause(anomalies: Sequence[Anomaly]) -> Anomaly:
    """The anomaly that names an incident: loud before quiet, a cause before what it explains, then the more specific.

    Raises:
        ValueError: without an anomaly.
    """
    traces = [Trace.of(each) for each in anomalies]

    def place(i: int) -> tuple[bool, int, bool, int, int, int]:
        anomaly, trace = anomalies[i], traces[i]
        explained = any(_is_most_of(each, trace) for each in traces if each is not trace and each.scope != trace.scope)
        quiet = anomaly.severity.rank < Severity.ERROR.rank
        return (quiet, min(trace.rank, Rank.TENANT), explained, trace.rank, -anomaly.severity.rank, i)

    return anomalies[min(range(len(anomalies)), key=place)]
