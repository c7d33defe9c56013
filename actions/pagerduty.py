"""A page -> an event of PagerDuty's Events API v2, and what its answer means.

The dedup key is the incident's id: PagerDuty adds a trigger under a known key to the alert that is open, so to send one again is
safe; after a resolve the same key would open a new alert, so triggers and resolves of one incident keep their order.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from actions.http_client import HttpClient, NoReply, Reply, Request
from actions.pagerduty_event import encode_event, event_of, minimal_event
from actions.sink import Answer, Effect, Endpoint, Word
from actions.token_bucket import TokenBucket

_TOO_MANY = 429
_BAD_REQUEST = 400
_SERVER_ERROR = 500
_ACCEPTED = range(200, 300)


def meaning(status: int) -> Word:
    """What a status says of the event: 202 it is queued; 429 and 5xx it was not taken; all else will never be.

    >>> meaning(202).value, meaning(429).value, meaning(503).value, meaning(400).value, meaning(302).value
    ('accepted', 'again', 'again', 'refused', 'refused')
    """
    if status in _ACCEPTED:
        return Word.ACCEPTED
    return Word.AGAIN if status == _TOO_MANY or status >= _SERVER_ERROR else Word.REFUSED


class PagerDuty:
    """A receiver of type `pagerduty`: one integration key."""

    repeatable = True

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        client: HttpClient,
        monotonic: Callable[[], float],
        client_url: str | None = None,
        bucket: TokenBucket | None = None,
    ) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint
        self._client = client
        self._monotonic = monotonic
        self._client_url = client_url
        self._bucket = bucket or TokenBucket()

    async def send(self, effect: Effect) -> Answer:
        """Send the event; one that is refused as invalid is followed by a minimal one, once, so that somebody is woken."""
        wait_s = self._bucket.take(self._monotonic())
        if wait_s > 0:
            return Answer(word=Word.AGAIN, detail="our own rate limit", retry_after_s=wait_s, attempted=False)
        reply = await self._post(event_of(effect.decision, client_url=self._client_url))
        answer = self._answer(reply)
        if not isinstance(reply, Reply) or reply.status != _BAD_REQUEST:
            return answer
        again = self._answer(await self._post(minimal_event(effect.decision)))
        return msgspec.structs.replace(again, detail=f"{answer.detail}; minimal event: {again.detail}")

    async def ask(self, effect: Effect) -> Answer | None:
        """The Events API cannot be asked; the dedup key makes a repeat safe."""

    async def _post(self, event: dict[str, Any]) -> Reply | NoReply:
        endpoint = self._endpoint
        body = encode_event({"routing_key": endpoint.key.reveal(), **event})
        headers = {"Content-Type": "application/json"}
        return await self._client.call(
            Request(method="POST", url=endpoint.url, headers=headers, body=body, allow_insecure=endpoint.allow_insecure)
        )

    def _answer(self, reply: Reply | NoReply) -> Answer:
        if isinstance(reply, NoReply):
            word = (Word.UNKNOWN if reply.sent else Word.AGAIN) if reply.allowed else Word.REFUSED
            return Answer(word=word, detail=reply.detail)
        told = _told(reply.body).replace(self._endpoint.key.reveal(), "***")
        return Answer(word=meaning(reply.status), detail=f"HTTP {reply.status}{told}", retry_after_s=retry_after_s(reply))


def retry_after_s(reply: Reply) -> float | None:
    """Whole seconds of a Retry-After header; a date or nonsense is no wish."""
    text = reply.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _told(body: bytes) -> str:
    """What the receiver says, short and on one line."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(said, dict):
        return ""
    parts = [said.get("message"), *(said["errors"] if isinstance(said.get("errors"), list) else [])]
    text = "; ".join(" ".join(part.split()) for part in parts if isinstance(part, str))
    return f": {text[:200]}" if text else ""
