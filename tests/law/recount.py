"""A log -> its totals and what each budget has spent, counted again one by one: json, Decimal and zoneinfo, none of our code."""

import datetime as dt
import functools
import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.law.log import Log
from tests.law.world import ASSUMED, BUDGETS, PRICES
from tests.streams.usage_rules import refusal, ts_ms

NANO = Decimal("1E-9")
MILLION = Decimal(1_000_000)
QUARTER_MS = 900_000
"""No midnight of our time zones lies within one."""
RATES = {model: tuple(Decimal(each) / MILLION for each in rates) for model, rates in PRICES.items()}
UNKNOWN = tuple(Decimal(ASSUMED[i]) / MILLION for i in (0, 0, 0, 1))


@dataclass(slots=True)
class Recount:
    """What a batch job would say of the log, each event once, in the order of arrival."""

    usage_records: int = 0
    operations: int = 0
    duplicates: int = 0
    conflicts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    cost_usd_assumed: Decimal = Decimal(0)
    dead_letters: Counter[str] = field(default_factory=Counter)
    budgets: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    first: dict[str, bytes] = field(default_factory=dict, repr=False)

    def take(self, value: bytes | None, arrival_ms: int) -> None:
        """Count a message."""
        reason = refusal(value, arrival_ms) if value is not None else "not_json"
        if reason is not None or value is None:
            self.dead_letters[str(reason)] += 1
        else:
            self._accept(json.loads(value, parse_float=Decimal), value)

    def _accept(self, record: dict[str, Any], value: bytes) -> None:
        first = self.first.get(record["event_id"])
        if first is None:
            self.first[record["event_id"]] = value
            self._count(record)
        else:
            self.duplicates += 1
            self.conflicts += first != value

    def _count(self, record: dict[str, Any]) -> None:
        self.usage_records += 1
        self.operations += record.get("attempt", 1) == 1
        self.input_tokens += record["input_tokens"] or 0
        self.output_tokens += record["output_tokens"] or 0
        cost, known = cost_of(record)
        if known:
            self.cost_usd += cost
        else:
            self.cost_usd_assumed += cost
        for name, scope, period, zone, _ in BUDGETS:
            if cost and all(record.get(dimension) == value for dimension, value in scope.items()):
                key = (name, period_start((ts_ms(record["ts"]) or 0) // QUARTER_MS, period, zone))
                self.budgets[key] = self.budgets.get(key, Decimal(0)) + cost

    def totals(self) -> dict[str, object]:
        """Under the names of summary.json."""
        names = ("usage_records", "operations", "duplicates", "conflicts", "input_tokens", "output_tokens")
        money = {name: getattr(self, name) for name in ("cost_usd", "cost_usd_assumed")}
        return {**{name: getattr(self, name) for name in names}, **money, "dead_letters": dict(self.dead_letters)}


def cost_of(record: dict[str, Any]) -> tuple[Decimal, bool]:
    """Dollars, rounded half-even to nano-dollars once, and whether they are billed or of a known price."""
    if record.get("cost_usd") is not None:
        return Decimal(record["cost_usd"]).quantize(NANO, ROUND_HALF_EVEN), True
    into, read, write, out = RATES.get(record["model"], UNKNOWN)
    cached, written = record.get("cached_input_tokens") or 0, record.get("cache_write_tokens") or 0
    plain = (record["input_tokens"] or 0) - cached - written
    dollars = plain * into + cached * read + written * write + (record["output_tokens"] or 0) * out
    return dollars.quantize(NANO, ROUND_HALF_EVEN), record["model"] in RATES


@functools.cache
def period_start(quarter: int, period: str, zone: str) -> str:
    """The midnight that began the day or month of a quarter of an hour in a time zone, in UTC as the product writes times."""
    local = dt.datetime.fromtimestamp(quarter * QUARTER_MS / 1000, ZoneInfo(zone))
    day = local.date().replace(day=1) if period == "month" else local.date()
    begin = dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return begin.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def recount(log: Log) -> Recount:
    """All of a log."""
    found = Recount()
    for value, arrival_ms in zip(log.values, log.arrivals_ms, strict=True):
        found.take(value, arrival_ms)
    return found
