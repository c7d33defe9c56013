"""The one text form of times, money and floats in everything that Tidegate writes."""

import datetime as dt
import hashlib
from typing import Any

import msgspec

NANOS_PER_USD = 1_000_000_000

_encoder = msgspec.json.Encoder(decimal_format="string")


def time_text(at_ms: int) -> str:
    """RFC 3339 UTC with whole seconds.

    >>> time_text(1_700_000_000_000)
    '2023-11-14T22:13:20Z'
    """
    return dt.datetime.fromtimestamp(at_ms // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> int:
    """Epoch milliseconds of a text of `time_text`, or of any RFC 3339 text with an offset.

    Raises:
        ValueError: when the text is no time or has no offset.

    >>> parse_time("2023-11-14T22:13:20Z")
    1700000000000
    """
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (at - epoch) // dt.timedelta(milliseconds=1)


def usd_text(nanos: int) -> str:
    """Nano-dollars as a plain decimal string, exact, without trailing zeros.

    >>> usd_text(1_250_000_000), usd_text(0), usd_text(-1), usd_text(30_000_000_000)
    ('1.25', '0', '-0.000000001', '30')
    """
    sign = "-" if nanos < 0 else ""
    whole, part = divmod(abs(nanos), NANOS_PER_USD)
    return f"{sign}{whole}.{part:09d}".rstrip("0").rstrip(".") if part else f"{sign}{whole}"


def six_digits(value: float) -> float:
    """A float with 6 significant digits, so that it has one text form.

    >>> six_digits(1234567.0), six_digits(0.000123456789), six_digits(3.0)
    (1234570.0, 0.000123457, 3.0)
    """
    return float(f"{value:.6g}")


def rounded(value: Any) -> Any:
    """A JSON value with every float in it brought to 6 significant digits."""
    if isinstance(value, float):
        return six_digits(value)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value


def encode(value: Any) -> bytes:
    """Compact UTF-8 JSON; keys in the order of the struct or dict."""
    return _encoder.encode(value)


def content_id(*parts: object) -> str:
    """32 hex of sha256 over the parts, joined by `|`: the same content gives the same id.

    >>> content_id("token_spike", "tenant=acme", 0, "error") == content_id("token_spike", "tenant=acme", 0, "error")
    True
    """
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]
