"""Requests as they come -> requests that are small, prompt and meant for us; answers that a browser treats with care."""

import asyncio
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 16 * 1024
"""No request of ours is larger."""
BODY_S = 10.0
"""A body has to be here within this time."""
CAREFUL = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""What a listener on loopback is called. Any other name means that a web page had its own name resolved to us (DNS rebinding)."""


class TooLargeError(Exception):
    """A body of more than BODY_BYTES."""


class Limits:
    """ASGI middleware: reads a body before the application sees it, within bounds, and adds the headers of CAREFUL."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] | None = None, body_s: float = BODY_S) -> None:
        self._app = app
        self._hosts = hosts
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        careful = _with_headers(send)
        refusal = self._refusal(Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, careful)
            return
        try:
            async with asyncio.timeout(self._body_s):
                body = await _read_body(receive)
        except TimeoutError:
            await _answer(408, "the body took too long")(scope, receive, careful)
        except TooLargeError:
            await _answer(413, f"a body has at most {BODY_BYTES} bytes")(scope, receive, careful)
        else:
            await self._app(scope, _replayed(body, receive), careful)

    def _refusal(self, headers: Headers) -> JSONResponse | None:
        if self._hosts is not None and _name(headers.get("host", "")) not in self._hosts:
            return _answer(421, "this is not the host that you asked for")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length[:18]) > BODY_BYTES:
            return _answer(413, f"a body has at most {BODY_BYTES} bytes")
        return None


def _name(host: str) -> str:
    """A Host header without its port."""
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() else host).lower()


def _answer(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status_code=status, headers={"Connection": "close"})


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > BODY_BYTES:
            raise TooLargeError
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_headers(send: Send) -> Send:
    async def careful(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in CAREFUL.items():
                headers.setdefault(name, value)
        await send(message)

    return careful
