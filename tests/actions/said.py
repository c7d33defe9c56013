"""Builders of judgements for tests: anomalies and ends with defaults, windows by number."""

from collections.abc import Iterable
from typing import Any

from detectors.anomaly import Anomaly, Ended, Judgement, Severity
from detectors.canonical import content_id, time_text
from detectors.scope import parse_scope, scope_text

START_MS = 1_700_000_000_000
WINDOW_MS = 10_000


def end_text(window: int) -> str:
    return time_text(START_MS + (window + 1) * WINDOW_MS)


def anomaly(
    detector: str, scope: str, *, window: int = 0, severity: str = "error", since: int | None = None, **other: Any
) -> Anomaly:
    """An anomaly of a scope text in a window; `contributors` go into the evidence as (scope text, share)."""
    named = [{"scope": dict(parse_scope(each)), "share": share} for each, share in other.pop("contributors", ())]
    first = window if since is None else since
    return Anomaly(
        id=content_id(detector, scope_text(parse_scope(scope)), START_MS + first * WINDOW_MS, severity),
        detector=detector,
        scope=dict(parse_scope(scope)),
        window_start=time_text(START_MS + first * WINDOW_MS),
        window_end=end_text(window),
        severity=Severity(severity),
        **{
            "observed": 9.8,
            "expected": 1.0,
            "unit": "tokens",
            "score": 1.0,
            "cost_usd": "1.5",
            "reason": "",
            "suspected_change": None,
            "policy_version": "0" * 12,
            "evidence": {"contributors": named} if named else {},
            **other,
        },
    )


def ended(detector: str, scope: str, *, window: int = 0, cost_usd: str = "2") -> Ended:
    return Ended(detector=detector, scope=dict(parse_scope(scope)), window_end=end_text(window), cost_usd=cost_usd)


def judgement(
    window: int, *said: Anomaly | Ended, alarming: dict[str, int] | None = None, live: dict[str, int] | None = None
) -> Judgement:
    """What was said in a window, in canonical order."""

    def place(each: Anomaly | Ended) -> tuple[str, str]:
        return each.detector, scope_text(tuple(sorted(each.scope.items())))

    ordered = sorted(said, key=place)
    return Judgement(
        window_start=time_text(START_MS + window * WINDOW_MS),
        window_end=end_text(window),
        anomalies=tuple(each for each in ordered if isinstance(each, Anomaly)),
        ended=tuple(each for each in ordered if isinstance(each, Ended)),
        alarming=alarming or {},
        live=live or {},
    )


def by_provider(provider: str) -> dict[str, str]:
    return {"kind": "provider", "provider": provider}


def crowd(said: Iterable[Anomaly], *, live: int) -> dict[str, dict[str, int]]:
    """Counts of alarming and live scopes for the roll-up of anomalies that all have one dimension."""
    scopes = {tuple(each.scope.items()) for each in said}
    (rollup,) = {"+".join(sorted(dict(scope))) for scope in scopes}
    return {"alarming": {rollup: len(scopes)}, "live": {rollup: live}}
