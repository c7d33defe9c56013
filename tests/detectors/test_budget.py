import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.budget import Budget, period_end, period_start
from detectors.canonical import parse_time, time_text

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Kolkata",
    "Africa/Cairo",
]
INSTANTS = st.integers(parse_time("1990-01-01T00:00:00Z"), parse_time("2050-01-01T00:00:00Z"))
PERIODS = st.sampled_from(["day", "week", "month"])


def bounds(text: str, period: str, time_zone: str) -> list[str]:
    at_ms = parse_time(text)
    return [time_text(each(at_ms, period=period, time_zone=time_zone)) for each in (period_start, period_end)]


@given(INSTANTS, PERIODS, st.sampled_from(ZONES))
def test_every_instant_lies_in_its_period(at_ms, period, time_zone):
    start, end = (each(at_ms, period=period, time_zone=time_zone) for each in (period_start, period_end))
    assert start <= at_ms < end
    assert (period_start(start, period=period, time_zone=time_zone), period_end(end - 1, period=period, time_zone=time_zone)) == (
        start,
        end,
    )


@given(INSTANTS, PERIODS, st.sampled_from(ZONES))
def test_periods_leave_no_gap_and_do_not_overlap(at_ms, period, time_zone):
    end = period_end(at_ms, period=period, time_zone=time_zone)
    assert period_start(end, period=period, time_zone=time_zone) == end
    assert period_start(end - 1, period=period, time_zone=time_zone) == period_start(at_ms, period=period, time_zone=time_zone)


@given(INSTANTS, st.sampled_from(ZONES))
def test_a_period_begins_with_the_first_instant_of_a_local_day(at_ms, time_zone):
    start = period_start(at_ms, period="day", time_zone=time_zone)
    before, first = (dt.datetime.fromtimestamp(each / 1000, ZoneInfo(time_zone)) for each in (start - 1, start))
    assert before.date() < first.date()


@given(INSTANTS, st.sampled_from(ZONES))
def test_a_week_begins_on_monday_and_a_month_on_its_first(at_ms, time_zone):
    starts = [period_start(at_ms, period=period, time_zone=time_zone) for period in ("week", "month")]
    monday, first = (dt.datetime.fromtimestamp(each / 1000, ZoneInfo(time_zone)) for each in starts)
    assert monday.weekday() == 0
    assert first.day == 1


@pytest.mark.parametrize(
    ("at", "period", "time_zone", "expected"),
    [
        pytest.param(
            "2024-03-31T12:00:00Z", "day", "Europe/Berlin", ["2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"], id="a day of 23 hours"
        ),
        pytest.param(
            "2024-10-27T12:00:00Z", "day", "Europe/Berlin", ["2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z"], id="a day of 25 hours"
        ),
        pytest.param("2024-02-29T23:59:59Z", "month", "UTC", ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"], id="a leap day"),
        pytest.param("2023-02-28T23:59:59Z", "month", "UTC", ["2023-02-01T00:00:00Z", "2023-03-01T00:00:00Z"], id="no leap day"),
        pytest.param(
            "2024-12-31T23:30:00Z", "month", "Europe/Berlin", ["2024-12-31T23:00:00Z", "2025-01-31T23:00:00Z"], id="a new year"
        ),
        pytest.param("2024-03-31T23:00:00Z", "week", "UTC", ["2024-03-25T00:00:00Z", "2024-04-01T00:00:00Z"], id="a Sunday"),
        pytest.param(
            "2017-10-15T12:00:00Z", "day", "America/Sao_Paulo", ["2017-10-15T03:00:00Z", "2017-10-16T02:00:00Z"], id="no midnight"
        ),
        pytest.param(
            "2011-12-30T09:00:00Z",
            "day",
            "Pacific/Apia",
            ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"],
            id="before a day left out",
        ),
    ],
)
def test_periods_are_exact_where_calendars_are_odd(at, period, time_zone, expected):
    assert bounds(at, period, time_zone) == expected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"amount_nanos": 0}, "must be above 0"),
        ({"spent_before_nanos": -1}, "below 0"),
        ({"thresholds": (0.9, 0.7)}, "ascend"),
        ({"thresholds": ()}, "ascend"),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"time_zone": "../etc/passwd"}, "not known"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Budget(**{"name": "b", "scope": (), "amount_nanos": 1, **wrong})
