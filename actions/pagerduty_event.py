"""A page decision -> the JSON of a trigger or a resolve, within PagerDuty's limits. Pure.

Limits: summary 1024 characters, dedup key 255, whole event 512 KB, taken as 512,000 bytes as Alertmanager does; what is
larger loses its details, never itself.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from actions.decision import Decision

EVENT_BYTES = 512_000
SUMMARY_CHARS = 1024
DEDUP_CHARS = 255
FIELD_CHARS = 255
"""For component, group and class; PagerDuty names no limit."""
SEVERITIES = frozenset({"critical", "error", "warning", "info"})
CLIENT = "tidegate"
_TOP = frozenset({"event", "summary", "title", "severity", "source", "links", "timestamp", "component", "client_url"})


def event_of(decision: Decision, *, client_url: str | None = None) -> dict[str, Any]:
    """The event without its routing key: trigger, or resolve when the params say so."""
    if decision.params.get("event") == "resolve":
        return {"event_action": "resolve", "dedup_key": _dedup_key(decision)}
    params = decision.params
    url = _text(params.get("client_url")) or client_url
    event: dict[str, Any] = {
        "event_action": "trigger",
        "dedup_key": _dedup_key(decision),
        "client": CLIENT,
        **({"client_url": url} if url else {}),
        "payload": {
            "summary": _summary(decision),
            "source": _cut(_text(params.get("source")) or _scope(params.get("scope")) or CLIENT, SUMMARY_CHARS),
            "severity": _severity(params.get("severity")),
            "timestamp": decision.ts,
            "component": _cut(_text(params.get("component")) or CLIENT, FIELD_CHARS),
            "group": _cut(_scope(params.get("scope")) or "global", FIELD_CHARS),
            "class": _cut(_text(params.get("detector")) or str(decision.reason), FIELD_CHARS),
            "custom_details": _details(decision),
        },
    }
    links = _links(params.get("links"))
    return {**event, "links": links} if links else event


def minimal_event(decision: Decision) -> dict[str, Any]:
    """The least that still wakes somebody; for when the full event was refused as invalid."""
    if decision.params.get("event") == "resolve":
        return {"event_action": "resolve", "dedup_key": _dedup_key(decision)}
    return {
        "event_action": "trigger",
        "dedup_key": _dedup_key(decision),
        "payload": {
            "summary": f"Tidegate incident {decision.incident_id[:64]} (its details were refused)",
            "source": CLIENT,
            "severity": _severity(decision.params.get("severity")),
        },
    }


def encode_event(event: dict[str, Any]) -> bytes:
    """The body of the request; too large details are replaced by a note."""
    body = _encoder.encode(event)
    if len(body) <= EVENT_BYTES:
        return body
    note = {"note": f"details left out: the event had {len(body)} bytes, PagerDuty takes {EVENT_BYTES}"}
    lean = {key: value for key, value in event.items() if key != "links"}
    return _encoder.encode({**lean, "payload": {**event.get("payload", {}), "custom_details": note}})


def _plain(value: Any) -> str:
    return str(value)


_encoder = msgspec.json.Encoder(enc_hook=_plain, decimal_format="string")


def _dedup_key(decision: Decision) -> str:
    key = decision.dedup_key or decision.incident_id or decision.id
    return key if len(key) <= DEDUP_CHARS else hashlib.sha256(key.encode()).hexdigest()


def _summary(decision: Decision) -> str:
    text = _text(decision.params.get("summary")) or _text(decision.params.get("title"))
    return _cut(" ".join((text or f"Tidegate incident {decision.incident_id}").split()), SUMMARY_CHARS)


def _severity(value: Any) -> str:
    return str(value) if isinstance(value, str) and str(value) in SEVERITIES else "error"


def _details(decision: Decision) -> dict[str, Any]:
    own = {"decision_id": decision.id, "incident_id": decision.incident_id, "reason": decision.reason}
    return {**own, **{key: value for key, value in decision.params.items() if key not in _TOP}}


def _links(value: Any) -> list[dict[str, str]]:
    given = value if isinstance(value, list | tuple) else []
    links = [
        {key: each[key] for key in ("href", "text") if isinstance(each.get(key), str)}
        for each in given
        if isinstance(each, Mapping)
    ]
    return [each for each in links if "href" in each]


def _scope(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={value[key]}" for key in sorted(value))
    return _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1] + "…"
