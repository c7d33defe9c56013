"""Reports to look at."""

import math
import random

import numpy as np

from actions.decision import Action, Decision, Reason
from actions.incident import Incident
from actions.report import CostTable, ReportData, Series
from detectors.anomaly import Anomaly, BudgetState, Severity
from detectors.canonical import time_text

NOON_MS = 1_793_534_400_000
WINDOW_MS = 10_000
NANOS = 10**9

SPIKES = (
    ("acme", 3.2, 20, "critical", "token_spike"),
    ("globex", 7.5, 12, "error", "retry_storm"),
    ("acme", 16.0, 45, "warning", "cost_spike"),
)
"""Tenant, hour, minutes, severity, detector."""

SUMMARY = {
    "usage_records": 1_234_567,
    "operations": 1_200_000,
    "dead_letters": {"not_json": 12, "bad_timestamp": 3, "too_large": 0},
    "late_records": 41,
    "future_records": 0,
    "duplicates": 220,
    "conflicts": 1,
    "input_tokens": 3_456_789_012,
    "output_tokens": 456_789_012,
    "cost_usd": "18421.337219",
    "cost_usd_assumed": "12.5",
    "windows": 86_400,
    "wall_seconds": 11.2,
    "records_per_second": 110_229,
}


def anomaly(number: int, tenant: str, start_ms: int, severity: str, detector: str) -> Anomaly:
    return Anomaly(
        id=f"{number:032x}",
        detector=detector,
        scope={"tenant": tenant},
        window_start=time_text(start_ms),
        window_end=time_text(start_ms + 3 * WINDOW_MS),
        severity=Severity(severity),
        observed=48_210.0,
        expected=3_120.0,
        unit="tokens/s",
        score=0.997,
        cost_usd="84.21",
        reason="tokens per operation are far above what is usual at this time of the day",
        evidence={
            "tokens_per_operation": 21_400,
            "usual_tokens_per_operation": 1_390,
            "windows_in_a_row": 3,
            "contributors": [
                {"scope": "feature=summarize", "share": 0.81, "cost_usd": 68.2},
                {"scope": "model=gpt-5", "share": 0.77, "cost_usd": 64.8},
            ],
        },
        suspected_change={"release": "summarizer-2.4.1", "since": time_text(start_ms - 60_000)} if severity == "critical" else None,
        policy_version="0123456789ab",
    )


def incident(number: int, found: Anomaly, minutes: int, *, title: str | None = None) -> Incident:
    opened = NOON_MS + int(SPIKES[number % 3][1] * 3_600_000) + 3 * WINDOW_MS
    return Incident(
        id=f"{number + 1000:032x}",
        title=title or f"{found.detector.replace('_', ' ')}: tenant {found.scope['tenant']}",
        severity=found.severity,
        scope=found.scope,
        opened=time_text(opened),
        resolved=time_text(opened + minutes * 60_000),
        anomaly_ids=(found.id,),
        paged=found.severity.rank >= 2,
        cost_usd="412.07",
    )


def decision(number: int, about: Incident, action: Action, reason: Reason) -> Decision:
    params = {"level": 2, "factor": 0.25, "until": about.resolved} if action is Action.THROTTLE else {}
    target = "tenant=acme" if action is Action.THROTTLE else "oncall"
    return Decision(
        id=f"{number:032x}",
        incident_id=about.id,
        ts=about.opened,
        action=action,
        target=target,
        params=params,
        reason=reason,
        dedup_key=about.id,
    )


def series(name: str, *, days: float, usd_per_window: float, seed: int) -> Series:
    """Cost that follows the day, with the spikes of the tenant in it; what was expected is the same without noise and spikes."""
    noise = random.Random(seed)
    windows = 6 * max(1, int(days))  # to a step: longer runs are thinned anyway
    table = CostTable(window_ms=windows * WINDOW_MS)
    for window in range(0, int(days * 8640), windows):
        hour = window / 360
        usual = usd_per_window * (1.3 + math.sin(2 * math.pi * (hour - 9) / 24))
        spiking = any(tenant in name or name == "global" for tenant, at, minutes, *_ in SPIKES if at <= hour < at + minutes / 60)
        cost = usual * noise.lognormvariate(-0.02, 0.2) + (usd_per_window * 6 if spiking else 0)
        table.add(NOON_MS + window * WINDOW_MS, np.array([int(cost * windows * NANOS)]), np.array([usual * windows * NANOS]))
    return table.series(0, name)


def report(*, days: float = 1, title: str = "telemetry-2026-11-01.jsonl.gz") -> ReportData:
    """A day with three incidents."""
    anomalies, incidents, decisions = [], [], []
    for number, (tenant, hour, minutes, severity, detector) in enumerate(SPIKES):
        anomalies.append(anomaly(number, tenant, NOON_MS + int(hour * 3_600_000), severity, detector))
        incidents.append(incident(number, anomalies[-1], minutes))
        page = Action.PAGE if incidents[-1].paged else Action.TICKET
        decisions.append(decision(10 * number, incidents[-1], page, Reason.OPENED))
        if severity == "critical":
            decisions.append(decision(10 * number + 1, incidents[-1], Action.THROTTLE, Reason.REMEDY))
            decisions += [decision(10 * number + 2 + n, incidents[-1], Action.THROTTLE, Reason.RENEWED) for n in range(4)]
    names = {"global": 2.0, "tenant=acme": 0.9, "tenant=globex": 0.6, "model=gpt-5": 1.1}
    return ReportData(
        title=title,
        summary=SUMMARY,
        series=tuple(series(name, days=days, usd_per_window=usd, seed=index) for index, (name, usd) in enumerate(names.items())),
        incidents=tuple(incidents),
        anomalies=tuple(anomalies),
        decisions=tuple(decisions),
        budgets=(
            BudgetState(budget="search-prod", period_start="2026-11-01T00:00:00Z", spent_usd="812.22", amount_usd="2000"),
            BudgetState(budget="everything", period_start="2026-11-01T00:00:00Z", spent_usd="18421.34", amount_usd="20000"),
        ),
        policy_version="0123456789ab",
    )
