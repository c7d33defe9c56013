"""The receivers and routes of a policy: who hears of what, and at which address."""

import ipaddress
import re
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from actions.policy.words import AnyScope, Flag, Name, Section
from detectors.anomaly import Severity

PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"
_NUMERIC_HOST = re.compile(r"(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+))*", re.IGNORECASE)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if _NUMERIC_HOST.fullmatch(host):
            raise ValueError(f"url names its host {host!r} in a disguised form; write it as four decimal numbers") from None
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _loopback(host: str) -> bool:
    if host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost"):
        return True
    address = _address(host)
    if address is None:
        return False
    if address.is_link_local or address.is_multicast:
        raise ValueError(f"url names {host}, which no receiver can have")
    return address.is_loopback or address.is_unspecified


def _split(url: str) -> SplitResult:
    if any(character.isspace() or not character.isprintable() for character in url) or "\\" in url:
        raise ValueError("url contains a character that urls do not have")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"url cannot be read: {error}") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        raise ValueError("url should be https://host/path")
    if "@" in parts.netloc:
        raise ValueError("url holds a user or password; secrets come by key_env or key_file")
    if "#" in url:
        raise ValueError("url has a fragment")
    return parts


def check_url(url: str, *, allow_insecure: bool) -> None:
    """Whether a receiver may have this address: https anywhere but on loopback; more only when the policy says so.

    Raises:
        ValueError: when it may not, with the reason.
    """
    parts = _split(url)
    loopback = _loopback(parts.hostname or "")
    if parts.scheme == "http" and not allow_insecure:
        raise ValueError("url is plain http; that needs allow_insecure: true")
    if loopback and not allow_insecure:
        raise ValueError("url is on loopback; that needs allow_insecure: true")


class Receiver(Section):
    """Somebody or something that is told: a pager, or a program that takes signed webhooks.

    Attributes:
        url: required of a webhook; PagerDuty's US endpoint when absent.
        key_env, key_file: where the routing key or the signing secret stands; one of them.
        allow_insecure: permits plain http and loopback.
    """

    name: Name
    type: Literal["pagerduty", "webhook"]
    url: Annotated[str, Field(min_length=1, max_length=2048)] = PAGERDUTY_URL
    key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")] | None = None
    key_file: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^\S(.*\S)?$")] | None = None
    allow_insecure: Flag = False

    @model_validator(mode="after")
    def _reachable_and_keyed(self) -> "Receiver":
        if self.type != "pagerduty" and "url" not in self.model_fields_set:
            raise ValueError(f"a {self.type} needs a url")
        check_url(self.url, allow_insecure=self.allow_insecure)
        if (self.key_env is None) == (self.key_file is None):
            raise ValueError("needs key_env or key_file, one of them")
        return self


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


class Route(Section):
    """Who hears of incidents of this severity and above, in this scope.

    Of the routes whose scope fits, those of the highest severity that the incident reaches apply: a route for `error`
    also takes `critical` incidents, unless there is a route for `critical`.
    """

    severity: Severity
    scope: AnyScope = ()
    to: Annotated[tuple[Name, ...], BeforeValidator(_one_or_more), Field(min_length=1), WithJsonSchema(_ONE_OR_MORE)]
