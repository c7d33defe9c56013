"""The headers of a request -> who asks and what they may do. Bearer tokens only: no web page can act in somebody's name."""

import base64
import binascii
import enum
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import HTTPException, Request

from actions.secret import Secret
from actions.token_bucket import TokenBucket

SHORTEST_TOKEN = 16
"""Characters; a shorter token can be guessed."""
ADDRESSES = 1024
"""Addresses whose failures are counted; the longest silent one is forgotten first."""


class Role(enum.StrEnum):
    """What a token allows; each role may do what the one before may."""

    VIEW = "view"  # read
    OPERATE = "operate"  # freeze, unfreeze, lift, approve, refuse
    OVERRIDE = "override"  # what goes beyond the policy

    @property
    def rank(self) -> int:
        """0 for view to 2 for override."""
        return list(Role).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token and whom it stands for.

    Attributes:
        name: who acts; it goes to the audit.
        until_s: Unix time from which on it is no longer good; None: it does not end.
    """

    name: str
    role: Role
    secret: Secret
    until_s: float | None = None

    def __post_init__(self) -> None:
        if len(self.secret.reveal()) < SHORTEST_TOKEN:
            raise ValueError(f"token {self.name!r} has less than {SHORTEST_TOKEN} characters")


NOBODY = Token(name="anonymous", role=Role.VIEW, secret=Secret("0" * SHORTEST_TOKEN), until_s=0.0)
"""Who reads without a token where that is allowed; its own secret is never compared with anything."""


class Auth:
    """Who may do what.

    A right token always passes: whoever tries many wrong ones must not be able to lock out the person who wants to freeze. Wrong
    ones are answered with 429 once an address has used up its tries.
    """

    def __init__(
        self,
        tokens: Sequence[Token] = (),
        *,
        open_reads: bool,
        on_denied: Callable[[str, str, int], None] = lambda address, path, status: None,  # noqa: ARG005
        monotonic: Callable[[], float] = time.monotonic,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Settings.

        Args:
            tokens: the tokens that are good.
            open_reads: whether reading needs no token, as on a loopback listener.
            on_denied: told of every refusal: remote address, path, status.
            monotonic: clock of the limit on wrong tries.
            now_s: Unix time, for tokens that end.
        """
        self._tokens = [(hashlib.sha256(token.secret.reveal().encode()).digest(), token) for token in tokens]
        self._open_reads = open_reads
        self._on_denied = on_denied
        self._monotonic = monotonic
        self._now_s = now_s
        self._tries: OrderedDict[str, TokenBucket] = OrderedDict()

    def need(self, role: Role, *, basic: bool = False) -> Callable[[Request], Awaitable[Token]]:
        """A dependency that lets through whoever has `role`; `basic` also takes the token as a password, for browsers that read."""

        async def check(request: Request) -> Token:
            given = _presented(request.headers.get("authorization", ""), basic=basic)
            if given is None and role is Role.VIEW and self._open_reads:
                return NOBODY
            token = self._known(given) if given else None
            if token is None:
                raise self._refused(request, basic=basic)
            if token.role.rank < role.rank:
                self._on_denied(_address(request), request.url.path, 403)
                raise HTTPException(403, f"needs the role {role}")
            return token

        return check

    def _known(self, given: str) -> Token | None:
        """The token that was given; compares with all of them, always, so that the time taken says nothing."""
        digest = hashlib.sha256(given.encode()).digest()
        found = None
        for known, token in self._tokens:
            if hmac.compare_digest(known, digest):
                found = token
        return found if found is not None and (found.until_s is None or self._now_s() < found.until_s) else None

    def _refused(self, request: Request, *, basic: bool) -> HTTPException:
        address = _address(request)
        bucket = self._tries.pop(address, None) or TokenBucket(capacity=10, per_minute=10)
        self._tries[address] = bucket
        if len(self._tries) > ADDRESSES:
            self._tries.popitem(last=False)
        wait_s = bucket.take(self._monotonic())
        status = 429 if wait_s else 401
        self._on_denied(address, request.url.path, status)
        if wait_s:
            return HTTPException(429, "too many wrong tries", headers={"Retry-After": str(int(wait_s) + 1)})
        scheme = 'Basic realm="tidegate"' if basic else "Bearer"
        return HTTPException(401, "needs a token", headers={"WWW-Authenticate": scheme})


def _presented(header: str, *, basic: bool) -> str | None:
    """The token in an Authorization header; "" when there is a header without one, None without a header."""
    if not header:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic" or not basic:
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"
