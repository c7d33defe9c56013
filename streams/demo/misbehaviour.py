"""A script of faults -> what a local server does to its caller instead of answering properly."""

import asyncio
import enum
from collections import deque

from aiohttp import web

BYTE_EVERY_S = 0.05


class Fault(enum.StrEnum):
    """How a request goes wrong."""

    BAD_REQUEST = "400"
    GONE = "410"
    TOO_MANY = "429"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    REDIRECT = "redirect"
    HANG = "hang"  # takes the request and says nothing
    CLOSE = "close"  # drops the connection before it does anything
    APPLY_THEN_CLOSE = "apply_then_close"  # does it, then drops the connection: an ambiguous success
    SLOW_LORIS = "slow_loris"  # answers a byte at a time, for ever
    HUGE_BODY = "huge_body"  # does it, and answers without end


APPLIED = frozenset({Fault.APPLY_THEN_CLOSE, Fault.HUGE_BODY})
"""Faults of the answer alone: the request had its effect."""


class Script:
    """The faults of the requests to come; a proper answer when it is at its end."""

    def __init__(self) -> None:
        self._next: deque[Fault | None] = deque()
        self._always: Fault | None = None
        self.retry_after_s: int | None = None

    def then(self, *faults: Fault | None) -> None:
        """Let the next requests go wrong like this, one each; None is a proper answer."""
        self._next.extend(faults)

    def always(self, fault: Fault | None) -> None:
        """Let every request go wrong like this, once the ones of `then` are used up."""
        self._always = fault

    def take(self) -> Fault | None:
        """The fault of this request."""
        return self._next.popleft() if self._next else self._always


async def misbehave(request: web.Request, fault: Fault, *, retry_after_s: int | None = None) -> web.StreamResponse:
    """Answer a request wrongly."""
    if fault in {Fault.HANG, Fault.SLOW_LORIS}:
        await _drip(request, silent=fault is Fault.HANG)
    if fault is Fault.HUGE_BODY:
        return await _flood(request)
    if fault in {Fault.CLOSE, Fault.APPLY_THEN_CLOSE}:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if fault is Fault.REDIRECT:
        return web.Response(status=307, headers={"Location": "/elsewhere"})
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return web.json_response({"status": "error", "message": f"scripted {fault}"}, status=int(fault), headers=headers)


async def _drip(request: web.Request, *, silent: bool) -> None:
    """Say nothing, or a byte of a header now and then, until the caller hangs up."""
    for byte in b"HTTP/1.1 202 Accepted\r\nX-Slow: " + b"a" * 10_000:
        if request.transport is None or request.transport.is_closing():
            return
        if not silent:
            request.transport.write(bytes([byte]))
        await asyncio.sleep(BYTE_EVERY_S)


async def _flood(request: web.Request) -> web.StreamResponse:
    """Answer 202 and a gigabyte of nothing, in case the caller reads it all."""
    response = web.StreamResponse(status=202)
    await response.prepare(request)
    try:
        for _ in range(16 * 1024):
            await response.write(bytes(64 * 1024))
    except ConnectionError:
        pass
    return response
