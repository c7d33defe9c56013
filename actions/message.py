"""An incident and its anomalies -> all that a sender tells a person; nothing has to be looked up elsewhere."""

from collections.abc import Sequence
from typing import Any

from actions.incident import Incident
from actions.titles import shortened
from detectors.anomaly import Anomaly
from detectors.scope import scope_of, scope_text

LISTED = 10
"""Anomalies and contributors that are listed; the rest is counted."""


def about(incident: Incident, event: str) -> dict[str, Any]:
    """What every message of an incident says. `event` is trigger, update or resolve."""
    return {
        "event": event,
        "title": incident.title,
        "summary": shortened(f"{incident.title}; ${_dollars(incident.cost_usd)} so far"),
        "severity": incident.severity.value,
        "scope": incident.scope,
        "opened": incident.opened,
        "cost_usd": incident.cost_usd,
        "suggested_command": f"tidegate why {incident.id}",
    }


def page(incident: Incident, anomalies: Sequence[Anomaly], event: str) -> dict[str, Any]:
    """What a page says: the incident, its loudest anomalies with their evidence in short, what is suspected."""
    loudest = sorted(anomalies, key=lambda each: -each.severity.rank)[:LISTED]
    changes = [each.suspected_change for each in loudest if each.suspected_change]
    return {
        **about(incident, event),
        "detector": loudest[0].detector if loudest else "",
        "anomaly_count": len(incident.anomaly_ids),
        "anomalies": [_short(each) for each in loudest],
        "suspected_change": changes[0] if changes else None,
        "policy_version": loudest[0].policy_version if loudest else "",
    }


def _short(anomaly: Anomaly) -> dict[str, Any]:
    named = anomaly.evidence.get("contributors")
    return {
        "id": anomaly.id,
        "detector": anomaly.detector,
        "scope": scope_text(scope_of(anomaly.scope)),
        "severity": anomaly.severity.value,
        "since": anomaly.window_start,
        "observed": anomaly.observed,
        "expected": anomaly.expected,
        "unit": anomaly.unit,
        "score": anomaly.score,
        "cost_usd": anomaly.cost_usd,
        "reason": anomaly.reason,
        "contributors": list(named[:LISTED]) if isinstance(named, list | tuple) else [],
    }


def _dollars(cost_usd: str) -> str:
    """Cents are enough for people.

    >>> _dollars("12.3456789"), _dollars("7"), _dollars("0.004")
    ('12.34', '7', '0.00')
    """
    whole, point, part = cost_usd.partition(".")
    return f"{whole}.{part[:2]:0<2}" if point else whole
