"""Builders of what a demo sees from outside."""

import json
from typing import Any

from actions.quotas import Quota
from detectors.canonical import time_text
from streams.demo.gateway import Message
from streams.demo.meter import Meter
from streams.demo.pagerduty_server import Alert
from streams.demo.receivers import Receivers
from streams.demo.script import STEPS, Scripted
from streams.demo.service import Answers
from streams.demo.watch import Look
from streams.labels import Label

BEGAN_MS = 1_772_409_600_000
FOREVER = "2999-01-01T00:00:00Z"


def scripted(kind: str = "token_spike", **scope: str) -> Scripted:
    """A fault of 100 s."""
    label = Label(kind=kind, scope=scope or {"tenant": "acme"}, start=time_text(BEGAN_MS), end=time_text(BEGAN_MS + 100_000))
    return Scripted(label, STEPS[kind])


def look(after_s: float, receivers: Receivers | None = None, meter: Meter | None = None, **answers: Any) -> Look:
    """What is seen so long after the fault began."""
    return Look(BEGAN_MS + round(after_s * 1000), Answers(**answers), receivers or Receivers(), meter or Meter())


def anomaly(detector: str = "token_spike", *, ends_s: float = 20, **scope: str) -> dict[str, Any]:
    return {
        "id": f"{detector}-1",
        "detector": detector,
        "scope": scope or {"tenant": "acme"},
        "window_end": time_text(BEGAN_MS + round(ends_s * 1000)),
    }


def incident(*anomaly_ids: str, resolved: str | None = None) -> dict[str, Any]:
    return {"id": "i-1", "anomaly_ids": list(anomaly_ids), "resolved": resolved, "title": "acme", "cost_usd": "12.5"}


def found(detector: str = "token_spike", *, resolved: str | None = None, **scope: str) -> dict[str, Any]:
    """What the API lists when an anomaly of this detector is in an incident."""
    its = anomaly(detector, **scope)
    return {"anomalies": [its], "incidents": [incident(its["id"], resolved=resolved)]}


def alert(status: str = "triggered", dedup_key: str = "i-1") -> Alert:
    return Alert("key", dedup_key, status)


def throttle(receivers: Receivers, level: int, *, scope: str = "tenant=acme", fence: int = 1) -> None:
    """Let the gateway be told of a throttle, or of its end at level 0."""
    quota = Quota(scope=scope, level=level, factor=0.25 if level else 1.0, until=FOREVER if level else None, fence=fence)
    data = json.loads(json.dumps({name: getattr(quota, name) for name in quota.__struct_fields__}))
    message = Message(type="tidegate.throttle" if level else "tidegate.lift", timestamp="", data=data)
    receivers.gateway.take(f"message-{fence}", message)


def served(*per_s: tuple[int, int], tenant: str = "acme") -> Meter:
    """A meter that has seen so many attempts in the second after each of these seconds of the fault."""
    meter = Meter()
    for second, count in per_s:
        meter.count([json.dumps({"tenant": tenant}).encode()] * count, BEGAN_MS + second * 1000)
    return meter
