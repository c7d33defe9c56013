"""What a bank saw of one row -> the abnormal scope that a person can check."""

import enum
from dataclasses import dataclass

from detectors.anomaly import Abnormal, Severity
from detectors.canonical import NANOS_PER_USD
from detectors.facts import WindowFacts
from detectors.rows import MONEY
from detectors.scope import Scope

CRITICAL_FACTOR = 4.0
CRITICAL_MS = 60_000
"""A page becomes critical when the excess is at least 4 x the expectation and a minute old."""


class Grade(enum.IntEnum):
    """What a row has earned."""

    CALM = 0
    WARNING = 1
    ERROR = 2


class Channel(enum.StrEnum):
    """Which channel gave the alarm: requests came faster, or became bigger."""

    RATE = "rate"
    SIZE = "size"


class Reason(enum.StrEnum):
    """Why a scope is abnormal; a closed list."""

    RATE = "rate_above_baseline"
    SIZE = "size_above_baseline"
    NEW_LEVEL = "new_level_learnt"
    NEWCOMER = "newcomer_above_group"


@dataclass(frozen=True, slots=True)
class Unit:
    """What is watched.

    Attributes:
        histogram: its name, which is also the evidence's word for it.
        sums: whose total is the exact amount of a window.
        name: of the unit that is reported, as in "tokens".
        scale: of the facts' units in one reported unit.
    """

    histogram: str
    sums: tuple[str, ...]
    name: str
    scale: float = 1.0


TOKENS = "tokens"
USD = "usd"
INPUT = Unit("input_tokens", ("input_tokens",), TOKENS)
OUTPUT = Unit("output_tokens", ("output_tokens",), TOKENS)
COST = Unit("cost_nanos", MONEY, USD, scale=NANOS_PER_USD)


Proof = tuple[str, float, float]
"""Name of the speed, its statistic T and its threshold, in nats."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One row of a bank in one window, in the facts' units.

    Attributes:
        observed, expected: units of the window (rate) or units per request (size).
        factor: the same as a ratio, over the last half minute.
        requests, expected_requests: of the window.
        proof: of the alarm.
        score: T over the threshold that pages, at most 1.
        relearnt: the new level is learnt from now on.
    """

    grade: Grade
    channel: Channel
    since_ms: int
    observed: float
    expected: float
    factor: float
    requests: float
    expected_requests: float
    proof: Proof
    score: float
    relearnt: bool


def report(scope: Scope, seen: Sighting, unit: Unit, facts: WindowFacts, *, nanos: int) -> Abnormal:
    """The abnormal scope. What it cost above expectation is its cost of this window less the part that the expectation explains."""
    per_min = 60_000 / (facts.end_ms - facts.start_ms) if seen.channel is Channel.RATE else 1.0
    above = max(0.0, 1 - seen.expected / seen.observed) if seen.observed > 0 else 0.0
    speed, statistic, threshold = seen.proof
    return Abnormal(
        scope=scope,
        severity=_severity(seen, facts.end_ms),
        since_ms=seen.since_ms,
        observed=seen.observed * per_min / unit.scale,
        expected=seen.expected * per_min / unit.scale,
        unit=f"{unit.name}/{'min' if seen.channel is Channel.RATE else 'request'}",
        score=seen.score,
        reason=_reason(seen),
        excess_nanos=round(nanos * above),
        evidence={
            "channel": f"{unit.histogram}_{seen.channel}",
            "factor": seen.factor,
            "requests": round(seen.requests),
            "expected_requests": seen.expected_requests,
            "speed": speed,
            "statistic": statistic,
            "threshold": threshold,
        },
    )


def _severity(seen: Sighting, now_ms: int) -> Severity:
    if seen.relearnt or seen.grade < Grade.ERROR:
        return Severity.WARNING
    lasting = seen.factor >= CRITICAL_FACTOR and now_ms - seen.since_ms >= CRITICAL_MS
    return Severity.CRITICAL if lasting else Severity.ERROR


def _reason(seen: Sighting) -> Reason:
    if seen.relearnt:
        return Reason.NEW_LEVEL
    return Reason.RATE if seen.channel is Channel.RATE else Reason.SIZE
