"""An anomaly -> what of it points to its cause."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from detectors.anomaly import Anomaly
from detectors.canonical import parse_time
from detectors.scope import OTHER

LEADING_SHARE = 0.5
"""A contributor with at least this share of an excess is taken for its cause."""

NOT_IDENTIFYING = frozenset({"env", "tier", "region", "cohort", "segment", "release", "service_tier"})
"""Dimensions with so few values that two anomalies share one by chance; a release number means nothing without its service."""

STATES = frozenset({"budget_burn", "budget_threshold", "budget_forecast", "quota_exceeded", "unknown_price", "tag_coverage"})
"""Detectors whose anomalies may last for weeks."""

Pairs = frozenset[tuple[str, str]]
"""(dimension, value) of a scope."""


class Rank(enum.IntEnum):
    """How near an anomaly stands to a cause; nearer ones are taken first and name the incident."""

    PROVIDER_FAULT = 0
    RELEASE = 1
    TENANT = 2
    REST = 3
    EVERYBODY = 4


@dataclass(frozen=True, slots=True)
class Trace:
    """What of an anomaly points to its cause.

    Attributes:
        at_ms: end of the window that fired.
        identity: the part of the scope that tells whom it is about.
        cause: of the suspected release, model or provider; empty when there is none.
        leaders: contributors with at least half of the excess, and their shares.
        listed: all contributors that are named.
    """

    detector: str
    at_ms: int
    scope: Pairs
    identity: Pairs
    cause: Pairs
    leaders: tuple[tuple[Pairs, float], ...]
    listed: tuple[Pairs, ...]
    rank: Rank

    @classmethod
    def of(cls, anomaly: Anomaly) -> Self:
        """The trace of an anomaly."""
        cause = suspected(anomaly)
        named = [(frozenset(scope.items()), share) for scope, share in contributors(anomaly) if scope]
        return cls(
            detector=anomaly.detector,
            at_ms=parse_time(anomaly.window_end),
            scope=frozenset(anomaly.scope.items()),
            identity=frozenset((name, value) for name, value in anomaly.scope.items() if _identifies(name, value)),
            cause=frozenset(cause.items()),
            leaders=tuple((scope, share) for scope, share in named if share >= LEADING_SHARE),
            listed=tuple(scope for scope, _ in named),
            rank=_rank(anomaly, cause),
        )

    @property
    def is_state(self) -> bool:
        """Whether it may last for weeks."""
        return self.detector in STATES


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
    yield from ((scope, share) for scope, share, _ in _named(anomaly))


def known_contributors(anomaly: Anomaly) -> Iterable[tuple[dict[str, str], float]]:
    """Those whose share is counted and not guessed: only they may be acted upon."""
    yield from ((scope, share) for scope, share, guessed in _named(anomaly) if not guessed)


def _named(anomaly: Anomaly) -> Iterable[tuple[dict[str, str], float, bool]]:
    named = anomaly.evidence.get("contributors")
    for each in named if isinstance(named, list | tuple) else ():
        scope, share = (each.get("scope"), each.get("share")) if isinstance(each, Mapping) else (None, None)
        if isinstance(scope, Mapping) and isinstance(share, int | float):
            yield {str(name): str(value) for name, value in scope.items()}, float(share), bool(each.get("guessed"))


def _rank(anomaly: Anomaly, cause: Mapping[str, str]) -> Rank:
    if "provider" in cause and "provider" in anomaly.scope and "tenant" not in anomaly.scope:
        return Rank.PROVIDER_FAULT
    if "release" in cause or "release" in anomaly.scope:
        return Rank.RELEASE
    if "tenant" in anomaly.scope:
        return Rank.TENANT
    return Rank.REST if anomaly.scope else Rank.EVERYBODY
