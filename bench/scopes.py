"""Ever more tenants in one process -> CPU a record and memory a scope, through all three stages without Kafka.

    python -m bench.scopes [--tenants 1000 --tenants 10000 ...] [--windows 4]

Each size runs in a process of its own: the records of whole windows, every tenant in each of them, through the built-in policy's
plan, while two windows are live. A scope is a row of any roll-up. Memory is what the process holds at the end of the last window
less what it held after the first batch; histograms and detector state are in it, hours of the day for which no record has come
yet included. What is kept of scopes with histograms or of the others alone is theirs, all else is divided among all: leaves,
what free memory the allocator keeps, buffers. Ids of records, by which repeats are told, are left out: they belong to records, not
to scopes, and have a line of their own. Free memory goes back as it does in a worker, in seconds. Building records is not timed.
"""

import argparse
import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from actions.policy import DEFAULT_POLICY
from bench.bar import Target, bar_table
from bench.board import Part, Table, keep
from bench.child import ChildError, resident_mb, run
from bench.everyone import window
from bench.held import Scales, found, own_arrays, touch
from detectors.retry_fault import RetryFault
from detectors.retry_watch import RetryWatch
from detectors.spike import SpikeBank
from streams.allocation import give_back
from streams.batch import Batch
from streams.cells import Facts
from streams.dedupe import Dedupe
from streams.kept import KeptRows
from streams.pipeline import Pipeline, Plan
from streams.rollups import has_histograms
from streams.worker.slack import EVERY_S, Slack

BAR = (
    Target(what="memory a scope with histograms, KB", key="memory_per_scope_kb", least=1.4, aim=1.0, most=True),
    Target(what="memory a scope without histograms, KB", key="memory_per_scope_plain_kb", least=0.5, aim=0.4, most=True),
)
IDS, HISTOGRAMS, REST = "ids of records", "histograms", "allocator, buffers and code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What one size took.

    Attributes:
        tenants: asked for.
        scopes: rows of all roll-ups; counted: those that have histograms.
        records: fed after the first window, in which every scope is new.
        us_a_record: CPU of everything, microseconds.
        first_us_a_record: the same in the first window.
        judged_us_a_scope: CPU of completing and judging a window, over its scopes.
        resident_a_scope: bytes that the process has grown by, over the scopes.
        parts: bytes of it by what holds them, over the scopes; the rest is what no object holds, less than nothing where shared
            memory was counted.
        own, plain_own: bytes that are of scopes with histograms and of the others alone, over those.
    """

    tenants: int
    scopes: int
    counted: int
    records: int
    us_a_record: float
    first_us_a_record: float
    judged_us_a_scope: float
    resident_a_scope: float
    parts: dict[str, float]
    own: float
    plain_own: float

    @property
    def bytes_a_scope(self) -> float:
        """Memory of a scope that has histograms, less the ids of records."""
        return self.own + self.shared

    @property
    def plain_bytes_a_scope(self) -> float:
        """The same of one without histograms."""
        return self.plain_own + self.shared

    @property
    def shared(self) -> float:
        """What is of no one kind, over all scopes."""
        plain = self.scopes - self.counted
        return self.resident_a_scope - self.parts[IDS] - (self.own * self.counted + self.plain_own * plain) / self.scopes


class Meter:
    """All three stages in this process, and what they take.

    Attributes:
        records: fed, by window.
        fed_s: CPU-seconds of stage 1, by window.
        judged_s: CPU-seconds of stages 2 and 3, by window.
    """

    def __init__(self, windows: int) -> None:
        plan = Plan.of(DEFAULT_POLICY)
        self._source = plan.source(0, has_arrival=True)
        self._slack = Slack()
        self._pipeline = Pipeline(plan, [0])
        self.records, self.fed_s, self.judged_s = [0] * windows, [0.0] * windows, [0.0] * windows

    @property
    def scopes(self) -> int:
        """Rows of all roll-ups."""
        return sum(map(len, self._pipeline.join.rosters.values()))

    @property
    def counted(self) -> int:
        """Those that have histograms."""
        return sum(len(roster) for rollup, roster in self._pipeline.join.rosters.items() if has_histograms(rollup))

    def untouched_mb(self) -> float:
        """What the process grows by when every page of what was learnt takes memory, once an hour of every kind has passed."""
        arrays = own_arrays(self._pipeline.panel.detectors)
        before_mb = resident_mb()
        for each in arrays:
            touch(each)
        return resident_mb() - before_mb

    def parts(self) -> dict[str, float]:
        """Bytes a scope by what holds them."""
        source, join, scales = self._source, self._pipeline.join, Scales()
        source.sealed_so_far()  # folds what came last into the open chunk
        open_chunk, closed = found(Facts, source), found(KeptRows, join)
        roots: dict[str, Sequence[object]] = {
            IDS: found(Dedupe, source),
            HISTOGRAMS: [*(each.histograms for each in closed), *((each.code, each.count) for each in open_chunk)],
            "blocks": closed,
            "rosters": list(join.rosters.values()),
            "leaves and the open chunk": [source],
            **{each.name: [each] for each in self._pipeline.panel.detectors},
        }
        return {name: scales.weigh(*each) / self.scopes for name, each in roots.items()}

    def rest(self) -> None:
        """Have nothing to do for as long as a worker waits until it gives back again."""
        time.sleep(EVERY_S)
        self._slack.give_back()

    def own(self) -> tuple[float, float]:
        """Bytes that are kept of scopes with histograms alone, over those, and the same of scopes without."""
        join, panel, scales = self._pipeline.join, self._pipeline.panel, Scales()
        rosters = list(join.rosters.values())
        scales.weigh(*(text for each in rosters for values in each.scopes.values for text in values))  # both kinds name them
        of: dict[bool, list[object]] = {
            True: [
                *found(SpikeBank, panel),
                *found(RetryWatch, panel),
                *(h for f in found(Facts, self._source) for h in (f.code, f.count)),
            ],
            False: list(found(RetryFault, panel)),
        }
        for each in (*rosters, *found(KeptRows, join)):
            of[has_histograms(each.rollup)].append(each)
        own, plain = scales.weigh(*of[True]), scales.weigh(*of[False])
        return own / self.counted, plain / max(1, self.scopes - self.counted)

    def take(self, number: int, batch: Batch) -> None:
        """Feed a batch of a window."""
        began_s = time.process_time()
        sealed = self._source.feed(batch)
        fed_s = time.process_time()
        for each in sealed:
            deque(self._pipeline.add(each), maxlen=0)
        self._slack.give_back()
        self.records[number] += len(batch.values)
        self.fed_s[number] += fed_s - began_s
        self.judged_s[number] += time.process_time() - fed_s


def measure_here(tenants: int, windows: int) -> Size:
    """Measure one size in this process, as the program sets it up; the last window is not judged, so that two are live."""
    give_back()
    meter, before_mb = Meter(windows), 0.0
    for number in range(windows):
        for batch in window(tenants, number):
            meter.take(number, batch)
            before_mb = before_mb or resident_mb()
    meter.rest()
    grown_mb = resident_mb() - before_mb
    resident_a_scope = (grown_mb + meter.untouched_mb()) * 1e6 / meter.scopes
    parts, (own, plain_own), later = meter.parts(), meter.own(), slice(1, None)
    spent_s = [fed + judged for fed, judged in zip(meter.fed_s, meter.judged_s, strict=True)]
    return Size(
        tenants=tenants,
        scopes=meter.scopes,
        counted=meter.counted,
        records=sum(meter.records[later]),
        us_a_record=sum(spent_s[later]) / sum(meter.records[later]) * 1e6,
        first_us_a_record=spent_s[0] / meter.records[0] * 1e6,
        judged_us_a_scope=sum(meter.judged_s) / meter.scopes / (windows - 1) * 1e6,
        resident_a_scope=resident_a_scope,
        parts={**parts, REST: resident_a_scope - sum(parts.values())},
        own=own,
        plain_own=plain_own,
    )


def measure(tenants: Sequence[int], windows: int) -> list[Size]:
    """Measure each size in a process of its own."""
    command = [sys.executable, "-m", "bench.scopes", "--windows", str(windows), "--here"]
    return [Size(**json.loads(run([*command, "--tenants", str(size)]).stdout)) for size in tenants]


def part(found: Sequence[Size], command: str) -> Part:
    """What was measured, for people and programs."""
    rows = [
        (
            f"{each.tenants:,}", f"{each.scopes:,}", f"{each.us_a_record:.1f}", f"{each.first_us_a_record:.1f}",
            f"{each.judged_us_a_scope:.2f}", f"{each.bytes_a_scope / 1000:.2f}", f"{each.plain_bytes_a_scope / 1000:.2f}",
        )
        for each in found
    ]  # fmt: skip
    largest = found[-1]
    figures = {
        "memory_per_scope_kb": round(largest.bytes_a_scope / 1000, 2),
        "memory_per_scope_plain_kb": round(largest.plain_bytes_a_scope / 1000, 2),
        "us_per_record_by_tenants": {str(each.tenants): round(each.us_a_record, 2) for each in found},
    }
    columns = (
        "tenants",
        "scopes",
        "CPU us a record",
        "in the first window",
        "CPU us a scope judged",
        "KB a scope",
        "without histograms",
    )
    note = (
        "Every tenant has as many records in every window, the worst case for memory and caches. Where tenants are few, what the "
        "process holds besides scopes (code, buffers) counts as theirs: the target is about the last line."
    )
    table = Table("Cost and memory against the number of scopes", columns, rows, note)
    return Part(
        name="scopes", command=command, figures=figures, details={"sizes": [asdict(each) for each in found]},
        tables=[table, _parts_table(largest), bar_table(BAR, figures)],
    )  # fmt: skip


def _parts_table(size: Size) -> Table:
    """Who holds how much, the largest first; what holds less than a byte is left out."""
    rows = [(name, f"{held:,.0f}") for name, held in sorted(size.parts.items(), key=lambda part: -part[1]) if abs(held) >= 1]
    note = (
        f"{size.resident_a_scope:,.0f} bytes in all. {size.counted:,} scopes have histograms: without the {IDS}, such a one takes "
        f"{size.bytes_a_scope:,.0f}, of which {size.own:,.0f} are kept for such scopes alone, and another "
        f"{size.plain_bytes_a_scope:,.0f}, of which {size.plain_own:,.0f} are kept for those alone."
    )
    return Table(f"Bytes a scope by what holds them, {size.scopes:,} scopes", ("what", "bytes a scope"), rows, note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.scopes", description="Cost and memory from 1k to 1M scopes.")
    parser.add_argument("--tenants", type=int, action="append", help="how many; may be repeated")
    parser.add_argument("--windows", type=int, default=4, help="two at least")
    parser.add_argument("--here", action="store_true", help="measure one size in this process, and print it as JSON")
    told = parser.parse_args(arguments)
    sizes = sorted(told.tenants or (500, 5_000, 50_000, 500_000))
    if told.here:
        print(json.dumps(asdict(measure_here(sizes[0], told.windows))))
        return 0
    try:
        found = measure(sizes, told.windows)
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    asked = " ".join(f"--tenants {size}" for size in sizes)
    keep(part(found, f"python -m bench.scopes {asked} --windows {told.windows}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
