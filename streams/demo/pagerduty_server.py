"""Events of the PagerDuty Events API v2 -> alerts, as the published contract has it: fields, limits, dedup keys, status codes.

`POST /v2/enqueue` takes events; `GET /alerts` shows what became of them. A trigger under the key of an open alert adds to it; after
a resolve the same key opens a new alert; acknowledge and resolve without an open alert are dropped, and answered with 202.
"""

import json
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from streams.demo.misbehaviour import APPLIED, Script, misbehave

EVENT_BYTES = 512 * 1024
CALLS_PER_MINUTE = 120
_ACTIONS = frozenset({"trigger", "acknowledge", "resolve"})
_SEVERITIES = frozenset({"critical", "error", "warning", "info"})


@dataclass(slots=True)
class Alert:
    """One alert. `events` are the triggers that it is made of, in order."""

    routing_key: str
    dedup_key: str
    status: str = "triggered"
    events: list[dict[str, Any]] = field(default_factory=list)


class Pager:
    """The alerts of all integration keys."""

    def __init__(self, *, calls_per_minute: int = CALLS_PER_MINUTE) -> None:
        self.alerts: list[Alert] = []
        self.accepted: list[dict[str, Any]] = []
        self.calls = 0
        self.throttled = 0
        self.script = Script()
        self._calls_per_minute = calls_per_minute
        self._times: dict[str, deque[float]] = {}

    def open_alert(self, routing_key: str, dedup_key: str) -> Alert | None:
        """The alert of this key that is not resolved."""
        same = (a for a in self.alerts if (a.routing_key, a.dedup_key) == (routing_key, dedup_key) and a.status != "resolved")
        return next(same, None)

    def over_limit(self, routing_key: str, now_s: float) -> bool:
        """Whether this call is one too many in the trailing minute; it counts either way."""
        times = self._times.setdefault(routing_key, deque())
        times.append(now_s)
        while times[0] <= now_s - 60:
            times.popleft()
        return len(times) > self._calls_per_minute

    def apply(self, event: dict[str, Any]) -> str:
        """Take a valid event; returns its dedup key."""
        key = event.get("dedup_key") or uuid.uuid4().hex
        alert = self.open_alert(event["routing_key"], key)
        self.accepted.append(event)
        if event["event_action"] == "trigger":
            if alert is None:
                alert = Alert(event["routing_key"], key)
                self.alerts.append(alert)
            alert.events.append(event)
        elif alert is not None:
            alert.status = "resolved" if event["event_action"] == "resolve" else "acknowledged"
        return str(key)


def errors_of(event: Any) -> list[str]:
    """What is wrong with an event, in the words of the contract."""
    if not isinstance(event, dict):
        return ["Event object is invalid"]
    errors = []
    key, action, dedup_key = event.get("routing_key"), event.get("event_action"), event.get("dedup_key")
    if not isinstance(key, str) or len(key) != 32:
        errors.append("'routing_key' is missing or is not a string of 32 characters")
    if action not in _ACTIONS:
        errors.append("'event_action' is missing or is not one of trigger, acknowledge, resolve")
    if dedup_key is None and action in {"acknowledge", "resolve"}:
        errors.append("'dedup_key' is missing")
    if dedup_key is not None and (not isinstance(dedup_key, str) or len(dedup_key) > 255):
        errors.append("'dedup_key' is not a string of at most 255 characters")
    return errors + (_payload_errors(event) if action == "trigger" else [])


def _payload_errors(event: dict[str, Any]) -> list[str]:
    payload = event.get("payload")
    if not isinstance(payload, dict):
        return ["'payload' is missing"]
    blank = [name for name in ("summary", "source") if not isinstance(payload.get(name), str) or not payload[name]]
    errors = [f"'payload.{name}' is missing or blank" for name in blank]
    if len(str(payload.get("summary", ""))) > 1024:
        errors.append("'payload.summary' is longer than 1024 characters")
    if payload.get("severity") not in _SEVERITIES:
        errors.append("'payload.severity' is missing or is not one of critical, error, warning, info")
    if not isinstance(payload.get("custom_details", {}), dict):
        errors.append("'payload.custom_details' is not an object")
    links = event.get("links", [])
    if not isinstance(links, list) or not all(isinstance(each, dict) and "href" in each for each in links):
        errors.append("'links' is not a list of objects with an href")
    return errors


def pagerduty_app(pager: Pager) -> web.Application:
    """The API in front of a pager."""

    async def enqueue(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        pager.calls += 1
        fault = pager.script.take()
        if fault is not None and fault not in APPLIED:
            return await misbehave(request, fault, retry_after_s=pager.script.retry_after_s)
        answer = _take(pager, body)
        return answer if fault is None else await misbehave(request, fault)

    async def alerts(_: web.Request) -> web.Response:
        shown = [{"dedup_key": each.dedup_key, "status": each.status, "events": each.events} for each in pager.alerts]
        return web.json_response(json.loads(json.dumps(shown), object_hook=_without_key))

    app = web.Application(client_max_size=2 * EVENT_BYTES)
    app.add_routes([web.post("/v2/enqueue", enqueue), web.get("/alerts", alerts)])
    return app


def _take(pager: Pager, body: bytes) -> web.Response:
    try:
        event = json.loads(body)
    except ValueError:
        return _invalid(["JSON is not valid"])
    errors = errors_of(event) or (["Event is larger than 512 KB"] if len(body) > EVENT_BYTES else [])
    if errors:
        return _invalid(errors)
    if pager.over_limit(event["routing_key"], time.monotonic()):
        pager.throttled += 1
        return web.json_response({"status": "throttle exceeded", "message": "Too many requests"}, status=429)
    key = pager.apply(event)
    return web.json_response({"status": "success", "message": "Event processed", "dedup_key": key}, status=202)


def _invalid(errors: list[str]) -> web.Response:
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    return web.json_response(body, status=400)


def _without_key(value: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != "routing_key"}
