"""Spend around a clock change, a leap day and the end of a month, against a recount by the calendar on the wall."""

import calendar
import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from detectors.budget import Budget, period_end, period_start
from detectors.budget_ledger import BudgetLedger
from detectors.canonical import parse_time
from tests.detectors.builders import FactsBuilder

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"])
ODD_DAYS = st.sampled_from(
    ["2024-03-31", "2024-10-27", "2024-03-10", "2024-11-03", "2024-04-07", "2024-02-29", "2023-02-28", "2024-12-31", "2018-11-04"]
)
PERIODS = st.sampled_from(["day", "week", "month"])
WINDOW_MS = 10_000
HOUR_MS = 3_600_000
ACME = (("tenant", "acme"),)


def on_the_wall(at_ms, period, time_zone):
    """What a person calls the period of an instant."""
    date = dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(time_zone)).date()
    return {"day": date, "week": date.isocalendar()[:2], "month": (date.year, date.month)}[period]


@given(ODD_DAYS, ZONES, PERIODS, st.lists(st.tuples(st.integers(-5_000, 15_000), st.integers(0, 10**12)), min_size=1, max_size=25))
def test_each_period_has_what_was_spent_between_its_midnights(day, time_zone, period, spends):
    around_ms = parse_time(f"{day}T00:00:00Z")
    ledger = BudgetLedger([Budget(name="b", scope=ACME, amount_nanos=1, period=period, time_zone=time_zone)])
    build, expected, starts = FactsBuilder(("tenant",)), Counter(), {}
    for windows, nanos in sorted(dict(spends).items()):
        at_ms = around_ms + windows * WINDOW_MS
        ledger.book(build.window(at_ms, {("tenant",): {("acme",): {"known_nanos": nanos}}}))
        named = on_the_wall(at_ms, period, time_zone)
        expected[named] += nanos
        starts[named] = period_start(at_ms, period=period, time_zone=time_zone)
    assert len(set(starts.values())) == len(starts)
    newest = max(starts.values())
    assert ledger.spent(0) == next(expected[named] for named, start in starts.items() if start == newest)
    assert ledger.period(0)[0] == newest


@given(st.integers(1995, 2040), st.integers(1, 12), ZONES)
def test_a_month_has_the_hours_of_its_days_less_what_the_clock_was_set_on(year, month, time_zone):
    zone = ZoneInfo(time_zone)
    start, end = (
        each(parse_time(f"{year}-{month:02d}-15T12:00:00Z"), period="month", time_zone=time_zone)
        for each in (period_start, period_end)
    )
    offsets = [dt.datetime.fromtimestamp(at / 1000, zone).utcoffset() for at in (start, end)]
    set_on_ms = int((offsets[1] - offsets[0]) / dt.timedelta(milliseconds=1))
    skipped_ms = sum(_ms_after_midnight(at, zone) for at in (end,)) - _ms_after_midnight(start, zone)
    assert end - start == calendar.monthrange(year, month)[1] * 24 * HOUR_MS - set_on_ms + skipped_ms


def _ms_after_midnight(at_ms, zone):
    """Where midnight was skipped a day begins later than 0:00."""
    local = dt.datetime.fromtimestamp(at_ms / 1000, zone)
    return (local.hour * 60 + local.minute) * 60_000


@given(st.integers(1996, 2040), ZONES)
def test_february_has_its_leap_day_where_the_year_has_one(year, time_zone):
    at_ms = parse_time(f"{year}-02-15T12:00:00Z")
    start, end = (each(at_ms, period="month", time_zone=time_zone) for each in (period_start, period_end))
    days, at_ms = set(), start
    while at_ms < end:
        days.add(on_the_wall(at_ms, "day", time_zone))
        at_ms = period_end(at_ms, period="day", time_zone=time_zone)
    assert at_ms == end
    assert len(days) == (29 if calendar.isleap(year) else 28)
    assert (dt.date(year, 2, 29) in days) if calendar.isleap(year) else True
