"""Two anomalies -> whether they have one cause, and which of an incident's anomalies is nearest to it."""

import enum
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from actions.trace import Pairs, Rank, Trace
from detectors.anomaly import Anomaly, Severity
from detectors.scope import scope_of, scope_text

FRESH_MS = 2 * 60_000
"""A state draws in what begins within this time: it is the same fault. What begins later is a new one, and is paged."""

PERSONAL = frozenset({"tenant", "session_id", "job_id", "caller", "release"})
"""Dimensions with so many values that two anomalies led by the same one share their cause."""


class Bond(enum.IntEnum):
    """How two anomalies hang together, the strongest first."""

    CAUSE = 0  # the same release, model or provider is suspected
    SCOPE = 1  # they share a scope value
    CONTRIBUTOR = 2  # one is most of the other
    NONE = 9


class Tie(NamedTuple):
    """A bond and how loose it is: of two ties the smaller one is the stronger. `rest` is what a contributor leaves unexplained."""

    bond: Bond
    rest: float = 0.0


UNTIED = Tie(Bond.NONE)


def cause_first(anomalies: Iterable[Anomaly]) -> list[Anomaly]:
    """In the order in which they are taken: causes before what they cause; the same for any order of arrival."""
    traced = [(Trace.of(each), each) for each in anomalies]
    explained = _explained([trace for trace, _ in traced])

    def place(each: tuple[Trace, Anomaly]) -> tuple[bool, int, bool, int, int, str, str]:
        trace, anomaly = each
        loudest = -anomaly.severity.rank
        name = (anomaly.detector, scope_text(scope_of(anomaly.scope)))
        return (trace.is_state, min(trace.rank, Rank.TENANT), trace in explained, trace.rank, loudest, *name)

    return [anomaly for _, anomaly in sorted(traced, key=place)]


def tie(new: Trace, old: Trace) -> Tie:
    """How a new anomaly hangs together with one that lasts.

    A state, such as a spent budget, ties what begins soon after it, and other states of its scope; nothing else, because it may
    last for weeks and each new fault has to be paged.
    """
    found = _tie(new, old)
    tied_to_state = (new.is_state and found.bond is Bond.SCOPE) or new.at_ms - old.at_ms <= FRESH_MS
    return found if tied_to_state or not old.is_state else UNTIED


def _tie(one: Trace, other: Trace) -> Tie:
    if (one.cause and one.cause == other.cause) or _is_cause_of(one, other) or _is_cause_of(other, one):
        return Tie(Bond.CAUSE)
    if one.identity & other.identity or (not one.scope and not other.scope):
        return Tie(Bond.SCOPE)
    if _victim(one, other) or _victim(other, one):
        return Tie(Bond.CAUSE)
    share = max(_part(one, other), _part(other, one), _one_leader(one, other))
    return Tie(Bond.CONTRIBUTOR, 1 - share) if share else UNTIED


def _is_cause_of(one: Trace, other: Trace) -> bool:
    return bool(other.cause) and other.cause <= one.scope


def _victim(provider: Trace, other: Trace) -> bool:
    """Whether `other` says of a user what `provider` says of its provider."""
    if provider.rank is not Rank.PROVIDER_FAULT or provider.detector != other.detector:
        return False
    listed = any(each <= other.scope for each in provider.listed)
    return listed or any(provider.cause <= each for each, _ in other.leaders)


def _part(part: Trace, whole: Trace) -> float:
    """The share of `whole` that its leader `part` is; 0 when it is none, or when `part` is mostly another one's doing."""
    share = max((share for each, share in whole.leaders if each <= part.scope), default=0.0)
    if not share:
        return 0.0
    rollup = _dimensions(whole.scope)
    rivals = [each for each, _ in part.leaders if _dimensions(each) == rollup]
    return share if not rivals or whole.scope in rivals else 0.0


def _dimensions(scope: Pairs) -> set[str]:
    return {dimension for dimension, _ in scope}


def _one_leader(one: Trace, other: Trace) -> float:
    """The smaller share of a personal leader that both have."""
    theirs = dict(other.leaders)
    return max((min(share, theirs[each]) for each, share in one.leaders if each in theirs and personal(each)), default=0.0)


def personal(scope: Pairs) -> bool:
    """Whether two anomalies that are led by this same scope share their cause."""
    return not PERSONAL.isdisjoint(_dimensions(scope))


def nearest_to_cause(anomalies: Sequence[Anomaly]) -> Anomaly:
    """The anomaly that names an incident: loud before quiet, a cause before what it explains, then the more specific.

    Raises:
        ValueError: without an anomaly.
    """
    traces = [Trace.of(each) for each in anomalies]
    explained = _explained(traces)

    def place(i: int) -> tuple[bool, int, bool, int, int, int]:
        anomaly, trace = anomalies[i], traces[i]
        quiet = anomaly.severity.rank < Severity.ERROR.rank
        return (quiet, min(trace.rank, Rank.TENANT), trace in explained, trace.rank, -anomaly.severity.rank, i)

    return anomalies[min(range(len(anomalies)), key=place)]


def _explained(traces: Sequence[Trace]) -> set[Trace]:
    """Those of which another one is most."""
    parts: dict[tuple[str, str], list[Trace]] = {}
    for trace in traces:
        for pair in trace.scope:
            parts.setdefault(pair, []).append(trace)
    return {
        trace
        for trace in traces
        for leader, _ in trace.leaders
        for part in parts.get(min(leader), ())
        if part.scope != trace.scope and _part(part, trace)
    }
