"""Signed webhooks of Tidegate -> a simulated gateway that keeps to its quotas, and a deployment that rolls back once.

It keeps to the receiver's side of the contract in `actions.webhook`: signatures, one effect an id, fences, compare-and-swap of
releases, reading back. `share_of` is what a traffic generator asks before it sends a request.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web
from standardwebhooks import Webhook as Verifier

from actions.quotas import Quota, Quotas, encode_quota
from detectors.scope import parse_scope
from streams.demo.misbehaviour import APPLIED, Script, misbehave

OK, CONFLICT, UNAUTHORIZED, BAD_REQUEST = 200, 409, 401, 400
_QUOTA_TYPES = frozenset({"tidegate.throttle", "tidegate.lift"})


class Message(msgspec.Struct, frozen=True):
    """Body of a Standard Webhooks message."""

    type: str
    timestamp: str
    data: dict[str, Any]


class Gateway:
    """What the gateway knows.

    Attributes:
        live: service -> the release that is live.
        stable: service -> the release to go back to when a rollback does not name it.
        effects: webhook-id -> how often it had an effect; never more than 1.
        received: all messages that were rightly signed, repeats too, in order.
        refused: reasons of refusals, counted.
    """

    def __init__(
        self,
        *,
        live: Mapping[str, str] | None = None,
        stable: Mapping[str, str] | None = None,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        self.live = dict(live or {})
        self.stable = dict(stable or {})
        self.effects: Counter[str] = Counter()
        self.received: list[tuple[str, Message]] = []
        self.refused: Counter[str] = Counter()
        self.rollbacks: list[dict[str, Any]] = []
        self.script = Script()
        self._answers: dict[str, tuple[int, str]] = {}
        self._quotas = Quotas()
        self._now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)

    def quota(self, scope: str) -> Quota:
        """The quota in force for a scope text."""
        return self._quotas.get(scope, self._now_ms())

    def limits(self) -> dict[str, float]:
        """Scope text -> share of the normal traffic that is let through, for the throttles in force."""
        return {quota.scope: quota.factor for quota in self._quotas.standing(self._now_ms())}

    def share_of(self, dimensions: Mapping[str, str]) -> float:
        """Share of a request's normal traffic that is let through: the least of the throttles it falls under."""
        standing = self._quotas.standing(self._now_ms())
        factors = (q.factor for q in standing if all(dimensions.get(d) == value for d, value in parse_scope(q.scope)))
        return min(factors, default=1.0)

    def take(self, message_id: str, message: Message) -> tuple[int, str]:
        """Perform a message once; the same id gets the same answer again."""
        self.received.append((message_id, message))
        known = self._answers.get(message_id)
        if known is not None:
            return known
        status, why = self._perform(message)
        if status == OK:
            self.effects[message_id] += 1
            self._answers[message_id] = (status, why)
        else:
            self.refused[why] += 1
        return status, why

    def _perform(self, message: Message) -> tuple[int, str]:
        if message.type in _QUOTA_TYPES:
            return self._set_quota(message.data)
        if message.type == "tidegate.rollback":
            return self._roll_back(message.data)
        return OK, "taken"

    def _set_quota(self, data: dict[str, Any]) -> tuple[int, str]:
        try:
            quota = msgspec.convert(data, Quota)
            parse_scope(quota.scope)
        except (msgspec.ValidationError, ValueError):
            return BAD_REQUEST, "no quota"
        return (OK, "set") if self._quotas.apply(quota) else (CONFLICT, "fence")

    def _roll_back(self, data: dict[str, Any]) -> tuple[int, str]:
        """Compare and swap: only when the accused release is the one that is live."""
        service, release = str(data.get("service")), data.get("release")
        if self.live.get(service) != release or release is None:
            return CONFLICT, "release"
        self.live[service] = str(data.get("baseline") or self.stable.get(service, ""))
        self.rollbacks.append(data)
        return OK, "rolled back"


class _Api:
    """What comes in over HTTP, verified, to the gateway."""

    def __init__(self, gateway: Gateway, secret: str) -> None:
        self._gateway = gateway
        self._verifier = Verifier(secret)

    async def post(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        script = self._gateway.script
        fault = script.take()
        if fault is not None and fault not in APPLIED:
            return await misbehave(request, fault, retry_after_s=script.retry_after_s)
        answer = self._answer(request, body)
        return answer if fault is None else await misbehave(request, fault)

    def _answer(self, request: web.Request, body: bytes) -> web.Response:
        if not self._signed(request, body):
            return web.json_response({"reason": "signature"}, status=UNAUTHORIZED)
        try:
            message = msgspec.json.decode(body, type=Message)
        except msgspec.DecodeError:
            return web.json_response({"reason": "body"}, status=BAD_REQUEST)
        status, why = self._gateway.take(request.headers["webhook-id"], message)
        return web.json_response({"reason": why}, status=status)

    async def read_quota(self, request: web.Request) -> web.Response:
        if not self._signed(request, b""):
            return web.Response(status=UNAUTHORIZED)
        body = encode_quota(self._gateway.quota(request.match_info["scope"]))
        return web.Response(body=body, content_type="application/json")

    async def read_effect(self, request: web.Request) -> web.Response:
        if not self._signed(request, b""):
            return web.Response(status=UNAUTHORIZED)
        message_id = request.match_info["id"]
        return web.json_response({"id": message_id, "applied": self._gateway.effects[message_id] > 0})

    def _signed(self, request: web.Request, body: bytes) -> bool:
        try:
            self._verifier.verify(body, dict(request.headers), json_parse=False)
        except Exception:  # noqa: BLE001 - a malformed signature raises ValueError, binascii.Error, ...
            self._gateway.refused["signature"] += 1
            return False
        return True


def gateway_app(gateway: Gateway, secret: str) -> web.Application:
    """The gateway's API: `POST /`, `GET /quotas/{scope}`, `GET /effects/{id}`; every request is signed with `secret`."""
    api = _Api(gateway, secret)
    app = web.Application(client_max_size=64 * 1024)
    app.add_routes([web.post("/", api.post), web.get("/quotas/{scope}", api.read_quota), web.get("/effects/{id}", api.read_effect)])
    return app
