"""What detectors say: abnormal scopes of a window, and the anomalies that are made of them."""

import enum
from typing import Any, Self

import msgspec

from detectors.canonical import content_id, rounded, six_digits, time_text, usd_text
from detectors.scope import Scope, scope_text


class Severity(enum.StrEnum):
    """How much an anomaly matters: recorded, a ticket, a page, a page and remedies."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info to 3 for critical."""
        return _RANK[self]


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Abnormal(msgspec.Struct, frozen=True, kw_only=True):
    """One scope that a detector finds abnormal in the window that it was just given. Said again for every window that it lasts.

    Attributes:
        since_ms: start of the first abnormal window, as far as the detector can date it.
        observed, expected: in `unit`, of the window or of the horizon that the reason names.
        score: 0..1, how sure; 1 is certain.
        excess_nanos: nano-dollars of this window that would not have been spent without the fault; may be zero, never negative.
        evidence: JSON values that a person can check; floats are rounded when written.
        suspected_change: a release, model or provider that the detector thinks is the cause, else None.
    """

    scope: Scope
    severity: Severity
    since_ms: int
    observed: float
    expected: float
    unit: str
    score: float
    reason: str
    excess_nanos: int
    evidence: dict[str, Any]
    suspected_change: dict[str, Any] | None = None


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """Design 4.2: written when an episode of (detector, scope) opens and when its severity rises. Field order is wire order."""

    id: str
    detector: str
    scope: dict[str, str]
    window_start: str
    window_end: str
    severity: Severity
    observed: float
    expected: float
    unit: str
    score: float
    cost_usd: str
    reason: str
    evidence: dict[str, Any]
    suspected_change: dict[str, Any] | None
    policy_version: str

    @classmethod
    def of(cls, abnormal: Abnormal, *, detector: str, since_ms: int, end_ms: int, cost_nanos: int, policy_version: str) -> Self:
        """The anomaly of an abnormal scope; `since_ms` is the start of the episode, `end_ms` the end of the window that fired."""
        return cls(
            id=content_id(detector, scope_text(abnormal.scope), since_ms, abnormal.severity.value),
            detector=detector,
            scope=dict(abnormal.scope),
            window_start=time_text(since_ms),
            window_end=time_text(end_ms),
            severity=abnormal.severity,
            observed=six_digits(abnormal.observed),
            expected=six_digits(abnormal.expected),
            unit=abnormal.unit,
            score=six_digits(abnormal.score),
            cost_usd=usd_text(cost_nanos),
            reason=abnormal.reason,
            evidence=rounded(abnormal.evidence),
            suspected_change=rounded(abnormal.suspected_change),
            policy_version=policy_version,
        )


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """An episode that has been calm for long enough. `cost_usd` is what it cost in all."""

    detector: str
    scope: dict[str, str]
    window_end: str
    cost_usd: str


class BudgetState(msgspec.Struct, frozen=True, kw_only=True):
    """What is spent of a budget after a window. Amounts are exact decimal strings."""

    budget: str
    period_start: str
    spent_usd: str
    amount_usd: str


class CanaryVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the canary test says of a release now: `pass`, `fail`, `insufficient_data` or `no_baseline`."""

    service: str
    release: str
    verdict: str
    evidence: dict[str, Any]


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found in one window; the marker of stage 2 carries all of it but the anomalies.

    Attributes:
        anomalies: opened or risen in this window, sorted by (detector, scope text).
        ended: episodes that ended with this window, in the same order.
        alarming: scopes with an open episode of severity >= error, by roll-up text ("tenant", "env+team", "global").
        live: scopes with an operation in the last hour, likewise; for the correlated brake.
        budgets: budgets whose sum moved in this window, sorted by name.
        verdicts: canary verdicts that changed with this window.
        blind: source partitions that were not seen in this window, and why; then it says nothing of falls and silence.
    """

    window_start: str
    window_end: str
    anomalies: tuple[Anomaly, ...] = ()
    ended: tuple[Ended, ...] = ()
    alarming: dict[str, int] = {}
    live: dict[str, int] = {}
    budgets: tuple[BudgetState, ...] = ()
    verdicts: tuple[CanaryVerdict, ...] = ()
    blind: dict[str, str] = {}
