"""One topic of four partitions -> how much faster two ingest processes work it off than one.

    python -m bench.workers [--rounds 3] [--records 4000000]

`tidegate run --role ingest` once, then twice, each time over the whole topic. The rate is taken between a fifth and nine tenths of
the records, by the workers' own counters, so that starting and sharing out the partitions do not count. The broker runs on the
same cores: on two of them two processes and the broker want three, which the note says.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.bar import Target, bar_table
from bench.board import Part, Table, keep
from bench.child import ChildError, cpu_s
from bench.dense import Dense
from bench.peers.telemetry import PARTITIONS, fill
from bench.spread import rates, spread
from bench.until_end import forget
from streams.log.topics import Topics
from tests.kafka.broker import Plan, running
from tests.kafka.service import Service, Worker, service_on

PREFIX = "workers."
TENANTS = 5_000
"""So many that the partitions are about as large."""
FROM, TO = 0.2, 0.9
RECORDS_TOTAL = "tidegate_records_total"
PAST_MS = 900_000
TIMEOUT_S = 900.0
BAR = (Target(what="two processes against one, by wall", key="ratio_two_workers", least=1.7, aim=1.95),)


@dataclass(frozen=True, slots=True)
class Rate:
    """What so many processes worked off between two marks, and the CPU-seconds of all of them."""

    records: int
    wall_s: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        """Records a second, all processes together."""
        return self.records / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        """Records a CPU-second."""
        return self.records / self.cpu_s


def _read(workers: Sequence[Worker]) -> int:
    return round(sum(worker.metrics().get(RECORDS_TOTAL, 0.0) for worker in workers))


def _rate(workers: Sequence[Worker], sent: int) -> Rate:
    """Watch the workers until nine tenths are read."""
    marks: list[tuple[int, float, float]] = []
    ends_s = time.perf_counter() + TIMEOUT_S
    while len(marks) < 2:
        read = _read(workers)
        if read >= sent * (FROM, TO)[len(marks)]:
            marks.append((read, time.perf_counter(), sum(cpu_s(worker.process.pid) for worker in workers)))
        if time.perf_counter() > ends_s:
            raise ChildError(f"{len(workers)} workers read {read:,} of {sent:,} records in {TIMEOUT_S:.0f} s")
        time.sleep(0.05)
    (before, began_s, began_cpu_s), (after, ended_s, ended_cpu_s) = marks
    if after == before or ended_cpu_s == began_cpu_s:
        raise ChildError(f"{sent:,} records are too few to tell a rate: they were read at once")
    return Rate(after - before, ended_s - began_s, ended_cpu_s - began_cpu_s)


def _work_off(service: Service, sent: int, number: int) -> Rate:
    """Start so many workers on the untouched topic; stop them and clear away what they wrote."""
    workers = [service.start("--role", "ingest", "--worker-id", f"w{each}") for each in range(number)]
    for worker in workers:
        while not worker.ready():
            time.sleep(0.02)
    rate = _rate(workers, sent)
    for worker in workers:
        worker.kill()
    asyncio.run(forget(service.kafka, lambda topic: topic.startswith(PREFIX) and topic != Topics(PREFIX).telemetry))
    return rate


def measure(records: int, *, rounds: int, dense: Dense) -> list[tuple[Rate, Rate]]:
    """One and two processes, by round."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-", ignore_cleanup_errors=True)))
        cluster = stack.enter_context(running(Plan(full_speed=True, heap="1g"), folder))
        service = stack.enter_context(service_on(cluster.bootstrap, PREFIX, folder))
        begin_ms = int(time.time()) * 1000 - PAST_MS - dense.seconds * 1000
        telemetry = asyncio.run(fill(service.kafka, PREFIX, replace(dense, start_ms=begin_ms), records))
        return [(_work_off(service, telemetry.sent, 1), _work_off(service, telemetry.sent, 2)) for _ in range(rounds)]


def part(found: Sequence[tuple[Rate, Rate]], command: str) -> Part:
    """What was measured, for people and programs."""
    named = zip(("one process", "two processes"), zip(*found, strict=True), strict=True)
    rows = [
        (name, rates([each.per_s for each in its]), rates([each.per_cpu_s for each in its]), f"{its[0].records:,}")
        for name, its in named
    ]
    ratios = [two.per_s / one.per_s for one, two in found]
    by_cpu = [two.per_cpu_s / one.per_cpu_s for one, two in found]
    figures = {
        "ratio_two_workers": round(spread(ratios)[1], 2),
        "ratio_two_workers_per_cpu_s": round(spread(by_cpu)[1], 2),
    }
    note = (
        f"min / median / max of {len(found)} interleaved rounds, {PARTITIONS} partitions, role ingest. Two over one by wall: "
        f"{rates(ratios)}, by CPU-second: {rates(by_cpu)}; 1.0 by CPU means that a second process costs nothing but itself. The "
        f"broker shares the {len(os.sched_getaffinity(0))} cores."
    )
    table = Table("One process and two", ("ingest", "records/s by wall", "records a CPU-s", "records"), rows, note)
    details = {"rounds": [[asdict(one), asdict(two)] for one, two in found]}
    return Part(name="workers", command=command, figures=figures, details=details, tables=[table, bar_table(BAR, figures)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description="Two ingest processes against one.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=4_000_000)
    told = parser.parse_args(arguments)
    try:
        found = measure(told.records, rounds=told.rounds, dense=Dense(records=told.records, tenants=TENANTS))
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    keep(part(found, f"python -m bench.workers --rounds {told.rounds} --records {told.records}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
