"""A URL or an IP address -> why nothing may be sent there, or None. Pure.

Receivers come from the policy alone and may be private; plain http and loopback need `allow_insecure` there. Link-local
addresses (cloud metadata), multicast and unspecified ones are never receivers.
"""

import ipaddress
from urllib.parse import SplitResult, urlsplit

_METADATA = frozenset({ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")})
"""Metadata services outside the link-local ranges (AWS over IPv6, Alibaba)."""


def refuse_address(text: str, *, allow_insecure: bool) -> str | None:
    """Why no connection may be made to this IP address.

    >>> refuse_address("::ffff:127.0.0.1", allow_insecure=False)
    '::ffff:127.0.0.1 is loopback'
    >>> refuse_address("10.0.0.1", allow_insecure=False) is None
    True
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    inner = _unwrapped(address)
    if inner.is_link_local or inner in _METADATA:
        return f"{text} is link-local or a metadata service"
    if inner.is_loopback:
        return None if allow_insecure else f"{text} is loopback"
    if inner.is_multicast or inner.is_unspecified or inner.is_reserved:
        return f"{text} is no unicast address"
    return None


def _unwrapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one carries: mapped, 6to4, NAT64 or IPv4-compatible."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    low = int(address) & 0xFFFF_FFFF
    if address in ipaddress.ip_network("64:ff9b::/96") or (int(address) >> 32 == 0 and low > 1):
        return ipaddress.IPv4Address(low)
    return address


def refuse_url(url: str, *, allow_insecure: bool) -> str | None:
    """Why this is no URL of a receiver. Names are resolved at the time of sending, and every address is then looked at again.

    >>> refuse_url("http://hooks.example/x", allow_insecure=False)
    'plain http needs allow_insecure'
    >>> refuse_url("https://hooks.example/x", allow_insecure=False) is None
    True
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"not a URL: {error}"
    return _refuse_parts(parts, url, port, allow_insecure=allow_insecure)


def _refuse_parts(parts: SplitResult, url: str, port: int | None, *, allow_insecure: bool) -> str | None:
    if any(ord(c) <= 0x20 or ord(c) == 0x7F or c == "\\" for c in url):
        return "white space, control characters and backslashes do not belong in a URL"
    if parts.scheme not in {"http", "https"}:
        return f"scheme {parts.scheme!r} is neither https nor http"
    if parts.username is not None or parts.password is not None:
        return "user names and passwords do not belong in a URL"
    if not parts.hostname or port == 0:
        return "no host" if not parts.hostname else "no port"
    if parts.scheme == "http" and not allow_insecure:
        return "plain http needs allow_insecure"
    return _refuse_host(parts.hostname, allow_insecure=allow_insecure)


def _refuse_host(host: str, *, allow_insecure: bool) -> str | None:
    try:
        return refuse_address(host, allow_insecure=allow_insecure)
    except ValueError:
        pass
    name = host.rstrip(".").lower()
    if name.rpartition(".")[2].isdigit() or name.rpartition(".")[2].startswith("0x"):
        return f"{host} is an address in disguise"
    if (name == "localhost" or name.endswith(".localhost")) and not allow_insecure:
        return f"{host} is loopback"
    return None
