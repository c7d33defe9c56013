"""Numbers and times -> the way a person reads them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

DOLLARS = frozenset({"usd", "dollars", "$"})
DASH = "–"


def dollars(amount: str | float | Decimal) -> str:
    """Dollars, with cents where they matter.

    >>> dollars("1234.5678"), dollars("0.00321"), dollars(0)
    ('$1,234.57', '$0.00321', '$0.00')
    """
    value = Decimal(amount)
    if value and abs(value) < Decimal("0.1"):
        return f"${value:.3g}"
    return f"${value:,.2f}"


def count(number: float) -> str:
    """A whole number in groups of three, a large one rounded.

    >>> count(1234567), count(12), count(0.25)
    ('1.23 M', '12', '0.25')
    """
    if abs(number) >= 10**9:
        return f"{number / 10**9:.3g} G"
    if abs(number) >= 10**6:
        return f"{number / 10**6:.3g} M"
    return f"{number:,.0f}" if number == int(number) or abs(number) >= 1000 else f"{number:.3g}"


def quantity(number: float, unit: str) -> str:
    """A number with its unit.

    >>> quantity(1.5, "usd"), quantity(1.5, "usd/min"), quantity(0.25, "ratio"), quantity(1200, "tokens")
    ('$1.50', '$1.50/min', '0.25', '1,200 tokens')
    """
    first, _, rest = unit.partition("/")
    if first.lower() in DOLLARS:
        return dollars(number) + (f"/{rest}" if rest else "")
    return count(number) if unit in {"", "ratio"} else f"{count(number)} {unit.replace('_', ' ')}"


def times(observed: float, expected: float) -> str:
    """How many times as much as expected; empty where that says nothing.

    >>> times(30, 2), times(1, 0)
    ('15×', '')
    """
    return f"{observed / expected:.3g}×" if expected > 0 and observed > expected else ""


def moment(text: str | None) -> str:
    """An RFC 3339 time as `2026-11-01 10:00:20`, UTC.

    >>> moment("2026-11-01T10:00:20Z")
    '2026-11-01 10:00:20'
    """
    return text.replace("T", " ").removesuffix("Z") if text else DASH


def millis(text: str) -> int:
    """Epoch milliseconds of an RFC 3339 time."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def duration(start: str, end: str) -> str:
    """How long it took from one RFC 3339 time to another.

    >>> duration("2026-11-01T10:00:20Z", "2026-11-01T12:10:20Z")
    '2 h 10 min'
    """
    return span(datetime.fromisoformat(end) - datetime.fromisoformat(start))


def span(length: timedelta) -> str:
    """A duration in its two largest units.

    >>> span(timedelta(seconds=90)), span(timedelta(0))
    ('1 min 30 s', '0 s')
    """
    seconds = int(length.total_seconds())
    parts = [(seconds // 86_400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    first = next((index for index, (number, _) in enumerate(parts) if number), 3)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number) or "0 s"


def day(at_ms: int) -> str:
    """The minute of an epoch time, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
