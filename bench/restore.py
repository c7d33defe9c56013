"""A service that was stopped with more or less state -> how long it takes until it serves again.

    python -m bench.restore [--records 100000 --records 1000000 --records 3000000]

`tidegate run` works off so many records, all within the dedupe horizon, is stopped gracefully, and is started again: from the start
of the process until /readyz says that all state is restored and served. The first line is a first start, without any state.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.board import Part, Table, keep
from bench.child import ChildError, cpu_s
from bench.dense import Dense
from bench.peers.telemetry import fill
from streams.log.kafka import TopicPartition
from streams.log.topics import STATE_PARTITIONS
from tests.kafka.broker import Plan, running
from tests.kafka.service import Service, Worker, service_on

PAST_MS = 120_000
HORIZON_S = 800
"""All records lie within so much event time: the dedupe horizon is 15 min, and forgets none of them."""
TIMEOUT_S = 900.0
READ_TOTAL = "tidegate_records_total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """One start over a state.

    Attributes:
        records: that were read before the stop.
        live_mb: of the state as its newest records hold it, MB.
        log_mb: of everything that a restore has to read, as not yet compacted, MB.
        stop_s: how long the graceful stop before took.
        ready_s: from starting the process until it serves.
        cpu_s: of the process until then.
    """

    records: int
    live_mb: float
    log_mb: float
    stop_s: float
    ready_s: float
    cpu_s: float


def _start(service: Service) -> tuple[Worker, float]:
    """A worker that serves, and after how many seconds."""
    began_s = time.perf_counter()
    worker = service.start("--worker-id", "w1", "--log-level", "warning")
    while not worker.ready():
        if time.perf_counter() > began_s + TIMEOUT_S:
            raise ChildError(f"not ready in {TIMEOUT_S:.0f} s: {worker.log.read_text()[-1000:]}")
        time.sleep(0.02)
    return worker, time.perf_counter() - began_s


async def _state_mb(service: Service) -> tuple[float, float]:
    """MB of the newest records of the state, and of all of them."""
    live: dict[bytes, int] = {}
    total = 0
    tps = [TopicPartition(service.topics.state, number) for number in range(STATE_PARTITIONS)]
    async with service.kafka.reading(tps) as consumer:
        async for record in service.kafka.to_the_end(consumer, tps):
            live[record.key] = len(record.value or b"")
            total += live[record.key]
    return sum(live.values()) / 1e6, total / 1e6


def restart(bootstrap: str, folder: Path, records: int, tenants: int) -> Restart:
    """Work off so many records, stop, and start again; with none it is a first start."""
    folder.mkdir()
    prefix = f"restore-{records}."
    with service_on(bootstrap, prefix, folder) as service:
        read, stop_s, live_mb, log_mb = 0, 0.0, 0.0, 0.0
        if records:
            dense = Dense(records=records, records_per_s=max(records / HORIZON_S, 100.0), tenants=tenants)
            start_ms = int(time.time()) * 1000 - PAST_MS - dense.seconds * 1000
            telemetry = asyncio.run(fill(service.kafka, prefix, replace(dense, start_ms=start_ms), records))
            worker, _ = _start(service)
            read = _read_all(worker, telemetry.sent)
            stop_s = worker.stop()
            live_mb, log_mb = asyncio.run(_state_mb(service))
        worker, ready_s = _start(service)
        spent_s = cpu_s(worker.process.pid)
        worker.kill()
    return Restart(records=read, live_mb=live_mb, log_mb=log_mb, stop_s=stop_s, ready_s=ready_s, cpu_s=spent_s)


def _read_all(worker: Worker, sent: int) -> int:
    """Wait until everything is read."""
    ends_s = time.perf_counter() + TIMEOUT_S
    while (read := round(worker.metrics().get(READ_TOTAL, 0.0))) < sent:
        if time.perf_counter() > ends_s:
            raise ChildError(f"{read:,} of {sent:,} records read in {TIMEOUT_S:.0f} s")
        time.sleep(0.1)
    return read


def measure(sizes: Sequence[int], tenants: int) -> list[Restart]:
    """A first start, and one over each size."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-", ignore_cleanup_errors=True)))
        cluster = stack.enter_context(running(Plan(full_speed=True, heap="1g"), folder))
        return [restart(cluster.bootstrap, folder / str(size), size, tenants) for size in (0, *sizes)]


def part(found: Sequence[Restart], command: str) -> Part:
    """What was measured, for people and programs."""
    rows = [
        (
            f"{each.records:,}", f"{each.live_mb:.1f}", f"{each.log_mb:.1f}", f"{each.stop_s:.1f}", f"{each.ready_s:.1f}",
            f"{each.cpu_s:.1f}",
        )
        for each in found
    ]  # fmt: skip
    first, largest = found[0], found[-1]
    figures = {
        "start_s": round(first.ready_s, 1),
        "restore_s": round(largest.ready_s, 1),
        "restore_state_mb": round(largest.live_mb, 1),
    }
    columns = ("records", "state MB", "in the log MB", "graceful stop s", "ready after s", "CPU-s until then")
    note = "One process in all roles, one broker. In the log is what was not compacted yet: all of it is read. One run each."
    table = Table("Start and restore", columns, rows, note)
    return Part(
        name="restore", command=command, figures=figures, details={"starts": [asdict(each) for each in found]}, tables=[table]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.restore", description="Start-up and restore time against state size.")
    parser.add_argument("--records", type=int, action="append", help="read before the stop; may be repeated")
    parser.add_argument("--tenants", type=int, default=200)
    told = parser.parse_args(arguments)
    sizes = sorted(told.records or (100_000, 1_000_000, 3_000_000))
    try:
        found = measure(sizes, told.tenants)
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    keep(part(found, f"python -m bench.restore {' '.join(f'--records {size}' for size in sizes)} --tenants {told.tenants}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
