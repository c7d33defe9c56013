"""A request -> a bounded reply, or why there is none. The one place from which Tidegate calls out."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from multidict import CIMultiDict

from actions.address import refuse_address, refuse_url

REPLY_BYTES = 64 * 1024
"""What is read of a reply; the rest is cut off with the connection."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the receiver, cut at 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NoReply:
    """No answer.

    Attributes:
        sent: whether the receiver may have got the request.
        allowed: False when the address is one that nothing may be sent to.
        detail: names the kind of failure, never a header or a body.
    """

    sent: bool
    detail: str
    allowed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds: for all of a call, for its connection, between two reads."""

    total_s: float = 10.0
    connect_s: float = 3.0
    read_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send. `allow_insecure` is what the policy says of this receiver."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    allow_insecure: bool = False


class _RefusedAddressError(OSError):
    """A name that resolves to an address that nothing may be sent to."""


class _FilteredResolver(AbstractResolver):
    """Resolves a name and refuses it when any of its addresses is forbidden; the connection is made to what was looked at."""

    def __init__(self, *, allow_insecure: bool) -> None:
        self._inner = ThreadedResolver()
        self._allow_insecure = allow_insecure

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for each in found:
            why = refuse_address(each["host"], allow_insecure=self._allow_insecure)
            if why is not None:
                raise _RefusedAddressError(f"{host}: {why}")
        return found

    async def close(self) -> None:
        await self._inner.close()


class HttpClient:
    """One client for all receivers: total deadlines, no redirects, no proxy from the environment, no cookies, TLS verified.

    Every call has a connection of its own: at a few calls a minute that costs little, and a kept connection that the other
    side has closed would make the fate of a POST unknown.
    """

    def __init__(self, deadlines: Deadlines | None = None) -> None:
        limits = deadlines or Deadlines()
        self._timeout = aiohttp.ClientTimeout(total=limits.total_s, sock_connect=limits.connect_s, sock_read=limits.read_s)
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what is open."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def call(self, request: Request) -> Reply | NoReply:
        """Send the request once. Never raises for what the other side does."""
        why = refuse_url(request.url, allow_insecure=request.allow_insecure)
        if why is not None:
            return NoReply(sent=False, detail=f"refused address: {why}", allowed=False)
        try:
            return await self._exchange(request)
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error.os_error, _RefusedAddressError)
            return NoReply(sent=False, detail=_detail(error), allowed=not refused)
        except _RefusedAddressError as error:
            return NoReply(sent=False, detail=_detail(error), allowed=False)
        except (aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            return NoReply(sent=False, detail=_detail(error))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return NoReply(sent=True, detail=_detail(error))

    async def _exchange(self, request: Request) -> Reply:
        headers = CIMultiDict({"User-Agent": "tidegate", "Accept-Encoding": "identity", **request.headers})
        async with self._session(allow_insecure=request.allow_insecure).request(
            request.method, request.url, data=request.body or None, headers=headers, allow_redirects=False
        ) as response:
            body = await _read_capped(response)
            return Reply(response.status, CIMultiDict(response.headers), body)

    def _session(self, *, allow_insecure: bool) -> aiohttp.ClientSession:
        """The session of one class of receivers; made on first use, since it needs a running loop."""
        if allow_insecure not in self._sessions:
            resolver = _FilteredResolver(allow_insecure=allow_insecure)
            self._sessions[allow_insecure] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, force_close=True, use_dns_cache=False, limit=64),
                timeout=self._timeout,
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._sessions[allow_insecure]


async def _read_capped(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) >= REPLY_BYTES:
            response.close()
            break
    return bytes(body[:REPLY_BYTES])


def _detail(error: BaseException) -> str:
    """The kind of failure; texts of aiohttp may quote URLs, and a URL may be a secret."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{type(error).__name__}: {type(error.os_error).__name__}"
    return type(error).__name__
