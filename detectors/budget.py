"""A budget and an instant -> the start and the end of the budget's period, exact over time zone changes."""

import datetime as dt
import enum
import functools
import zoneinfo

import msgspec

from detectors.scope import Scope

DEFAULT_THRESHOLDS = (0.7, 0.9, 1.0)

_MS = dt.timedelta(milliseconds=1)
_DAY = dt.timedelta(days=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Period(enum.StrEnum):
    """How long a budget lasts: a calendar day, a week that begins on Monday, a calendar month."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Money that a scope may spend in each period.

    Attributes:
        name: unique in a policy.
        scope: whose spend counts; `()` is everybody's.
        amount_nanos: nano-dollars a period, above zero.
        time_zone: IANA name of the zone whose midnights bound the periods.
        thresholds: shares of the amount, ascending, whose crossing is an anomaly.
        spent_before_nanos: what was spent in the running period before the first record.
        owners: who answers for it.

    Raises:
        ValueError: when a rule above is broken.
    """

    name: str
    scope: Scope
    amount_nanos: int
    period: Period = Period.MONTH
    time_zone: str = "UTC"
    thresholds: tuple[float, ...] = DEFAULT_THRESHOLDS
    spent_before_nanos: int = 0
    owners: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no period arithmetic could save."""
        if self.amount_nanos <= 0:
            raise ValueError(f"budget {self.name}: amount is {self.amount_nanos} nano-dollars, it must be above 0")
        if self.spent_before_nanos < 0:
            raise ValueError(f"budget {self.name}: spent before is below 0")
        ascending = all(low < high for low, high in zip((0.0, *self.thresholds), self.thresholds, strict=False))
        if not self.thresholds or not ascending:
            raise ValueError(f"budget {self.name}: thresholds {self.thresholds} must be above 0 and ascend")
        _zone(self.time_zone)


def period_start(at_ms: int, *, period: Period | str, time_zone: str) -> int:
    """Epoch milliseconds at which the period of an instant began.

    >>> from detectors.canonical import parse_time, time_text
    >>> time_text(period_start(parse_time("2024-02-29T12:00:00Z"), period="month", time_zone="Europe/Berlin"))
    '2024-01-31T23:00:00Z'
    """
    return _bounds(at_ms, Period(period), time_zone)[0]


def period_end(at_ms: int, *, period: Period | str, time_zone: str) -> int:
    """Epoch milliseconds at which the period of an instant ends and the next one begins.

    >>> from detectors.canonical import parse_time, time_text
    >>> time_text(period_end(parse_time("2024-03-31T00:30:00Z"), period="day", time_zone="Europe/Berlin"))
    '2024-03-31T22:00:00Z'
    """
    return _bounds(at_ms, Period(period), time_zone)[1]


def _bounds(at_ms: int, period: Period, time_zone: str) -> tuple[int, int]:
    first = _first_date(_local_date(at_ms, time_zone), period)
    after = _next_date(first, period)
    while at_ms >= _date_starts(after, time_zone):  # a clock set back over midnight shows a date that is over
        first, after = after, _next_date(after, period)
    return _date_starts(first, time_zone), _date_starts(after, time_zone)


def _first_date(date: dt.date, period: Period) -> dt.date:
    if period is Period.MONTH:
        return date.replace(day=1)
    return date - _DAY * date.weekday() if period is Period.WEEK else date


def _next_date(first: dt.date, period: Period) -> dt.date:
    if period is Period.MONTH:
        return (first + 31 * _DAY).replace(day=1)
    return first + (7 if period is Period.WEEK else 1) * _DAY


@functools.lru_cache(maxsize=4096)
def _date_starts(date: dt.date, time_zone: str) -> int:
    """The first instant whose local date is `date` or later."""
    midnight = dt.datetime.combine(date, dt.time(), _zone(time_zone))
    high = (midnight.astimezone(dt.UTC) - _EPOCH) // _MS
    if _local_date(high - 1, time_zone) < date <= _local_date(high, time_zone):
        return high
    low = (midnight.replace(fold=1).astimezone(dt.UTC) - _EPOCH) // _MS
    low, high = min(low, high) - 1, max(low, high)
    while high - low > 1:  # midnight was skipped: the day begins with the jump
        middle = (low + high) // 2
        low, high = (low, middle) if _local_date(middle, time_zone) >= date else (middle, high)
    return high


def _local_date(at_ms: int, time_zone: str) -> dt.date:
    return (_EPOCH + at_ms * _MS).astimezone(_zone(time_zone)).date()


@functools.lru_cache(maxsize=1024)
def _zone(time_zone: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"time zone {time_zone!r} is not known") from error
