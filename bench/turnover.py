"""Tenants that come and go, and more of them than there is room for -> scopes held, memory, CPU a record, and what `other` misses.

    python -m bench.turnover [--tenants 10000] [--days 6] [--limit 10000]

Through all three stages without Kafka, each case in a process of its own. In the first, every day brings as many tenants, none of
whom was there before; who hardly spoke is forgotten after a day, and the next ones get the slots. In the second, every tenant
speaks in every window, and a roll-up has room for `limit` scopes; the rest share one, `other`. Records and tokens are counted
again from the records themselves, and every sum over the tenants is held to the one of all records. Building records is not timed.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import msgspec
import numpy as np

from actions.policy import DEFAULT_POLICY
from bench.board import Part, Table, keep
from bench.child import ChildError, resident_mb, run
from bench.everyone import WINDOW_MS, window
from detectors.facts import COLUMN, SUMS
from detectors.scope import OTHER
from streams.allocation import give_back
from streams.batch import Batch
from streams.open_chunk import KEPT_LEAVES
from streams.pipeline import Judged, Pipeline, Plan
from streams.worker.slack import Slack

TENANT = ("tenant",)
DAY = 86_400_000 // WINDOW_MS
"""In windows."""
WINDOWS = 3
"""With records, of a day or of a crowd."""
CROWDS = (0.5, 1.0, 4.0, 16.0)
"""Tenants of the second case, over the room that there is for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held after some windows.

    Attributes:
        tenants: who have spoken until then.
        scopes: rows of the roll-up by tenant.
        reused: slots that were given to another tenant until then.
        us_a_record: CPU of all stages in the last window with records, over these; nobody is new in it.
        resident_mb: of the process.
        in_other: share of the records so far whose tenant has no row of its own.
    """

    tenants: int
    scopes: int
    reused: int
    us_a_record: float
    resident_mb: float
    in_other: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Some lines, and by how much the sums of all windows differ from what was sent, in all; 0 is exact."""

    lines: list[Held]
    missed: int


class Stages:
    """All three stages in this process, with room for so many scopes in each roll-up."""

    def __init__(self, limit: int | None = None) -> None:
        give_back()
        plan = Plan.of(DEFAULT_POLICY)
        self._source = plan.source(0, has_arrival=True)
        self._pipeline = Pipeline(plan, [0])
        self._slack = Slack()
        for roster in self._pipeline.join.rosters.values():
            roster.limit = roster.limit if limit is None else limit
        self._sent = dict.fromkeys(("attempts", "input_tokens", "output_tokens"), 0)
        self._by_tenant, self._of_all = np.zeros(len(SUMS), np.int64), np.zeros(len(SUMS), np.int64)
        self._other = 0

    def feed(self, batches: Iterable[Batch]) -> float:
        """Take records; microseconds of CPU for each."""
        spent_s, records = 0.0, 0
        for batch in batches:
            self._count(batch)
            records += len(batch)
            began_s = time.process_time()
            for sealed in self._source.feed(batch):
                self._look(self._pipeline.add(sealed))
            self._slack.give_back()
            spent_s += time.process_time() - began_s
        return spent_s / records * 1e6

    def held(self, tenants: int, us_a_record: float) -> Held:
        """What is held now."""
        roster = self._pipeline.join.rosters[TENANT]
        return Held(
            tenants=tenants,
            scopes=len(roster),
            reused=roster.reuses,
            us_a_record=us_a_record,
            resident_mb=resident_mb(),
            in_other=self._other / max(1, int(self._of_all[COLUMN["attempts"]])),
        )

    def missed(self) -> int:
        """By how much the sums of all windows differ from what was sent, once all is over."""
        self._look(self._pipeline.add(self._source.end()))
        self._look(self._pipeline.close())
        recounted = sum(abs(int(self._of_all[COLUMN[name]]) - sent) for name, sent in self._sent.items())
        return recounted + int(np.abs(self._by_tenant - self._of_all).sum())

    def _count(self, batch: Batch) -> None:
        """Note what is sent."""
        for value in batch.values:
            usage = msgspec.json.decode(value or b"", type=_Usage)
            self._sent["attempts"] += 1
            self._sent["input_tokens"] += usage.input_tokens
            self._sent["output_tokens"] += usage.output_tokens

    def _look(self, judged: Iterable[Judged]) -> None:
        """Add up what comes out, window by window: that takes little beside judging one."""
        for each in judged:
            tenants = each.facts.rollups[TENANT]
            self._by_tenant += tenants.sums.sum(axis=0)
            self._of_all += each.facts.rollups[()].sums.sum(axis=0)
            other = tenants.roster.slot((OTHER,))
            self._other += 0 if other is None else int(tenants.column("attempts")[other])


class _Usage(msgspec.Struct):
    input_tokens: int
    output_tokens: int


def days_here(tenants: int, days: int) -> Case:
    """Every day has tenants of its own."""
    stages, lines = Stages(), []
    for day in range(days):
        spent_us = [stages.feed(window(tenants, day * DAY + number, first=day * tenants)) for number in range(WINDOWS)]
        lines.append(stages.held((day + 1) * tenants, spent_us[-1]))
    return Case(lines=lines, missed=stages.missed())


def crowd_here(tenants: int, limit: int) -> Case:
    """More tenants than a roll-up has room for."""
    stages = Stages(limit)
    spent_us = [stages.feed(window(tenants, number)) for number in range(WINDOWS)]
    return Case(lines=[stages.held(tenants, spent_us[-1])], missed=stages.missed())


def measure(what: str, *numbers: int) -> Case:
    """Measure a case in a process of its own: `days` with tenants and days, `crowd` with tenants and room."""
    found = json.loads(run([sys.executable, "-m", "bench.turnover", "--here", what, *map(str, numbers)]).stdout)
    return Case(lines=[Held(**each) for each in found["lines"]], missed=found["missed"])


def part(days: Case, crowds: Sequence[Case], limit: int, command: str) -> Part:
    """What was measured, for people and programs."""
    third, last = days.lines[min(2, len(days.lines) - 1)], days.lines[-1]
    figures = {
        "turnover_scopes_held": last.scopes,
        "turnover_scopes_seen": last.tenants,
        "turnover_mb_last_over_third_day": round(last.resident_mb / third.resident_mb, 3),
        "turnover_missed": days.missed,
        "other_missed": sum(each.missed for each in crowds),
        "other_mb_most_over_least": round(crowds[-1].lines[0].resident_mb / crowds[0].lines[0].resident_mb, 3),
    }
    return Part(
        name="turnover", command=command, figures=figures,
        details={"days": asdict(days), "crowds": [asdict(each) for each in crowds]},
        tables=[_days_table(days), _crowds_table(crowds, limit)],
    )  # fmt: skip


def _days_table(days: Case) -> Table:
    rows = [
        (str(day), f"{its.tenants:,}", f"{its.scopes:,}", f"{its.reused:,}", f"{its.resident_mb:.0f}", f"{its.us_a_record:.1f}")
        for day, its in enumerate(days.lines, 1)
    ]
    note = (
        f"{WINDOWS} windows a day; scopes of the roll-up by tenant. One with fewer than 50 operations is forgotten after a day, "
        f"another after 15. What still grows are leaves, combinations of dimensions that were met: {KEPT_LEAVES:,} are kept at "
        f"most. Records, tokens and the sums over the tenants differ from what was sent by {days.missed:,} in all."
    )
    columns = ("day", "tenants so far", "held", "slots given anew", "MB", "CPU us a record")
    return Table("New tenants every day", columns, rows, note)


def _crowds_table(crowds: Sequence[Case], limit: int) -> Table:
    rows = [
        (
            f"{its.tenants:,}", f"{its.scopes:,}", f"{its.in_other:.1%}", f"{its.resident_mb:.0f}", f"{its.us_a_record:.1f}",
            f"{each.missed:,}",
        )
        for each in crowds for its in each.lines
    ]  # fmt: skip
    note = (
        f"{WINDOWS} windows in which all speak. Missed: by how much records, tokens and the {len(SUMS)} sums over all rows, "
        "`other` included, differ from what was sent."
    )
    columns = ("tenants", "held", "records in `other`", "MB", "CPU us a record", "missed")
    return Table(f"Room for {limit:,} scopes in a roll-up", columns, rows, note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.turnover", description="Scopes that come and go, or have no room.")
    parser.add_argument("--tenants", type=int, default=10_000, help="new ones a day")
    parser.add_argument("--days", type=int, default=6)
    parser.add_argument("--limit", type=int, default=10_000, help="scopes for which a roll-up has room")
    parser.add_argument("--here", nargs=3, help="measure one case in this process, and print it as JSON")
    told = parser.parse_args(arguments)
    if told.here:
        what, *numbers = told.here
        print(json.dumps(asdict({"days": days_here, "crowd": crowd_here}[what](*map(int, numbers)))))
        return 0
    try:
        days = measure("days", told.tenants, told.days)
        crowds = [measure("crowd", round(times * told.limit), told.limit) for times in CROWDS]
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    command = f"python -m bench.turnover --tenants {told.tenants} --days {told.days} --limit {told.limit}"
    keep(part(days, crowds, told.limit, command))
    return 0


if __name__ == "__main__":
    sys.exit(main())
