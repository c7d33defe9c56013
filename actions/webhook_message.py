"""A decision -> the body and the signed headers of a Standard Webhooks message. Pure; time is an argument.

Body: `{"type", "timestamp", "data"}`. `type` is one of

    tidegate.throttle  tidegate.lift  tidegate.rollback  tidegate.pause  tidegate.fallback
    tidegate.page  tidegate.ticket  tidegate.notify

and `timestamp` is the decision's `ts`. `data` of a throttle or lift is the quota as `GET /api/v1/quotas/{scope}` gives it, with
`reason` and `incident_id`. `data` of all others is the decision: `{"decision_id", "incident_id", "action", "target", "reason",
"fence", ...params}`; a rollback names `service`, `release` (the accused one) and `baseline`.
`webhook-id` is the decision's id: it stays the same over all attempts, and a receiver performs an id once.
"""

import datetime as dt
import math
from typing import Any

import msgspec
from standardwebhooks import Webhook as Signer

from actions.decision import Action, Decision
from actions.quotas import quota_of
from actions.secret import Secret
from detectors.canonical import encode

TYPES = {
    Action.PAGE: "tidegate.page",
    Action.TICKET: "tidegate.ticket",
    Action.NOTIFY: "tidegate.notify",
    Action.THROTTLE: "tidegate.throttle",
    Action.LIFT_THROTTLE: "tidegate.lift",
    Action.ROLLBACK: "tidegate.rollback",
    Action.PAUSE_CANARY: "tidegate.pause",
    Action.FALLBACK: "tidegate.fallback",
}
MESSAGE_BYTES = 20_000
"""Standard Webhooks asks for less than 20 kB; evidence beyond that is left out."""
_NAMED = ("service", "release", "baseline", "event", "title", "summary", "severity", "scope", "level")
"""What a message that is too large keeps of the params."""
_SHORTEST_KEY, _LONGEST_KEY = 24, 64


class BadKeyError(Exception):
    """A signing secret that is not what Standard Webhooks asks for; the message does not hold it."""


def check_key(secret: Secret) -> Secret:
    """The secret itself when it can sign: `whsec_` and base64 of 24 to 64 bytes.

    Raises:
        BadKeyError: when it cannot.
    """
    try:
        size = len(Signer(secret.reveal())._whsecret)  # noqa: SLF001 - the library has no other way to say it
    except Exception:  # noqa: BLE001 - it raises what its parts raise, with the secret in the text
        raise BadKeyError("a signing secret should be whsec_ and base64") from None
    if not _SHORTEST_KEY <= size <= _LONGEST_KEY:
        raise BadKeyError(f"a signing secret should have {_SHORTEST_KEY} to {_LONGEST_KEY} bytes, this has {size}")
    return secret


def message_of(decision: Decision, *, fence: int) -> bytes:
    """The body."""
    message = {"type": TYPES.get(decision.action, "tidegate.notify"), "timestamp": decision.ts, "data": _data(decision, fence)}
    body = encode(message)
    if len(body) <= MESSAGE_BYTES:
        return body
    kept = {key: _short(decision.params[key]) for key in _NAMED if key in decision.params}
    lean = msgspec.structs.replace(decision, params={**kept, "note": "evidence left out: the message was too large"})
    return encode({**message, "data": _data(lean, fence)})


def _data(decision: Decision, fence: int) -> dict[str, Any]:
    about = {"reason": decision.reason, "incident_id": decision.incident_id}
    if decision.action in {Action.THROTTLE, Action.LIFT_THROTTLE}:
        return {**msgspec.to_builtins(quota_of(decision, fence=fence)), **about}
    own = {"decision_id": decision.id, "action": decision.action, "target": decision.target, "fence": fence, **about}
    return {**decision.params, **own}


def _short(value: Any) -> Any:
    return value[:1000] if isinstance(value, str) else value if isinstance(value, int | float) else None


def signed_headers(secret: Secret, *, message_id: str, body: bytes, at_ms: int) -> dict[str, str]:
    """The three headers of one attempt at `at_ms`."""
    # The library replaces whatever zone the time has by UTC, so it is given in UTC.
    at = dt.datetime.fromtimestamp(at_ms // 1000, dt.UTC)
    signature = Signer(secret.reveal()).sign(message_id, at, body.decode())
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(math.floor(at.timestamp())),
        "webhook-signature": signature,
    }
