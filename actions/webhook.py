"""A decision -> a signed webhook, and what its answer means.

The contract of a receiver (a gateway's shim, a deployment's, anybody's):

- `POST {url}` with a message of `actions.webhook_message`. 2xx: taken. 409: refused for good, since the fence is lower than
  one seen before, or since the live release is not the accused one (a rollback is a compare-and-swap). 410: this receiver is
  gone. 429, 408, 425, 5xx: not taken, try again, `Retry-After` is honoured. Every other answer, 3xx included, refuses for good.
- It performs a `webhook-id` once, and answers 2xx again when it comes again.
- It may offer reading back. `GET {url}/quotas/{scope}` (scope text, percent-encoded once more) -> 200 and the quota in force, as
  `GET /api/v1/quotas/{scope}` of Tidegate gives it. `GET {url}/effects/{webhook-id}` -> 200 `{"id", "applied": true|false}`.
  Both are signed like a POST, over an empty body. 501 and every 4xx but 408, 425, 429 say that it is not offered.
"""

from urllib.parse import quote

import msgspec

from actions.decision import Action, Decision
from actions.http_client import HttpClient, NoReply, Reply, Request
from actions.pagerduty import retry_after_s
from actions.quotas import Quota, decode_quota, quota_of
from actions.sink import Answer, Effect, Endpoint, Word
from actions.webhook_message import check_key, message_of, signed_headers
from detectors.canonical import content_id

_TAKEN = range(200, 300)
_SERVER_ERROR = 500
_GONE = 410
_NOT_IMPLEMENTED = 501
_AGAIN = frozenset({408, 425, 429})
_CONTROLS = frozenset({Action.THROTTLE, Action.LIFT_THROTTLE})


def meaning(status: int) -> Word:
    """What a status says of the message.

    >>> meaning(204).value, meaning(503).value, meaning(410).value, meaning(301).value
    ('accepted', 'again', 'refused', 'refused')
    """
    if status in _TAKEN:
        return Word.ACCEPTED
    return Word.AGAIN if status in _AGAIN or status >= _SERVER_ERROR else Word.REFUSED


class _Applied(msgspec.Struct, frozen=True):
    applied: bool


class Webhook:
    """A receiver of type `webhook`."""

    repeatable = True

    def __init__(self, *, endpoint: Endpoint, client: HttpClient) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint
        self._secret = check_key(endpoint.key)
        self._client = client
        self._gone = False

    async def send(self, effect: Effect) -> Answer:
        """Send the message, and read a throttle back where that is offered."""
        if self._gone:
            return Answer(word=Word.REFUSED, detail="the receiver has said 410 Gone", attempted=False)
        decision = effect.decision
        answer = self._answer(await self._post(effect))
        if answer.word is not Word.ACCEPTED or decision.action not in _CONTROLS:
            return answer
        seen = await self.ask(effect)
        if seen is None:
            return msgspec.structs.replace(answer, detail=f"{answer.detail}; not read back: not offered")
        return msgspec.structs.replace(seen, detail=f"{answer.detail}; read back: {seen.detail}")

    async def ask(self, effect: Effect) -> Answer | None:
        """Look whether the effect is there."""
        if effect.decision.action in _CONTROLS:
            return await self._ask_quota(effect)
        return await self._ask_effect(effect)

    async def _ask_quota(self, effect: Effect) -> Answer | None:
        reply = await self._get(f"/quotas/{quote(effect.decision.target, safe='')}", effect)
        if isinstance(reply, NoReply) or reply.status not in _TAKEN:
            return _unanswered(reply)
        try:
            found = decode_quota(reply.body)
        except msgspec.DecodeError:
            return Answer(word=Word.UNKNOWN, detail="the quota read back is none")
        return _compared(found, quota_of(effect.decision, fence=effect.fence), effect.at_ms)

    async def _ask_effect(self, effect: Effect) -> Answer | None:
        reply = await self._get(f"/effects/{quote(effect.decision.id, safe='')}", effect)
        if isinstance(reply, NoReply) or reply.status not in _TAKEN:
            return _unanswered(reply)
        try:
            applied = msgspec.json.decode(reply.body, type=_Applied).applied
        except msgspec.DecodeError:
            return Answer(word=Word.UNKNOWN, detail="the state read back is none")
        return Answer(word=Word.ACCEPTED if applied else Word.AGAIN, detail="it is there" if applied else "it is not there")

    async def _post(self, effect: Effect) -> Reply | NoReply:
        body = message_of(effect.decision, fence=effect.fence)
        headers = signed_headers(self._secret, message_id=_message_id(effect.decision), body=body, at_ms=effect.at_ms)
        return await self._client.call(
            Request(method="POST", url=self._endpoint.url, headers=headers, body=body, allow_insecure=self._endpoint.allow_insecure)
        )

    async def _get(self, path: str, effect: Effect) -> Reply | NoReply:
        headers = signed_headers(self._secret, message_id=_message_id(effect.decision), body=b"", at_ms=effect.at_ms)
        url = self._endpoint.url.rstrip("/") + path
        return await self._client.call(
            Request(method="GET", url=url, headers=headers, allow_insecure=self._endpoint.allow_insecure)
        )

    def _answer(self, reply: Reply | NoReply) -> Answer:
        if isinstance(reply, NoReply):
            word = (Word.UNKNOWN if reply.sent else Word.AGAIN) if reply.allowed else Word.REFUSED
            return Answer(word=word, detail=reply.detail)
        self._gone = self._gone or reply.status == _GONE
        return Answer(word=meaning(reply.status), detail=f"HTTP {reply.status}", retry_after_s=retry_after_s(reply))


def _message_id(decision: Decision) -> str:
    """The decision's id; signatures are cut at dots, so an id with one is hashed."""
    return decision.id if "." not in decision.id else content_id(decision.id)


def _unanswered(reply: Reply | NoReply) -> Answer | None:
    if isinstance(reply, NoReply):
        return Answer(word=Word.UNKNOWN, detail=f"no answer: {reply.detail}")
    offered = meaning(reply.status) is Word.AGAIN and reply.status != _NOT_IMPLEMENTED
    return Answer(word=Word.UNKNOWN, detail=f"HTTP {reply.status}") if offered else None


def _compared(found: Quota, wanted: Quota, now_ms: int) -> Answer:
    if found.fence > wanted.fence:
        return Answer(word=Word.REFUSED, detail=f"a newer quota is in force (fence {found.fence})")
    same = (found.level, found.until, found.factor) == (wanted.level, wanted.until, wanted.factor)
    ended = wanted.level > 0 and not wanted.stands(now_ms)
    if same or ended:
        return Answer(word=Word.ACCEPTED, detail=f"level {found.level} is in force")
    return Answer(word=Word.AGAIN, detail=f"level {found.level} is in force, not {wanted.level}")
