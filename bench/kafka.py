"""Dense telemetry on a real Apache Kafka -> records a CPU-second of Tidegate, of fetching and decoding alone, and of Faust.

    python -m bench.kafka [--rounds 3] [--short 200000] [--long 1000000] [--peer 30000]

In each round, one after the other on the same broker: aiokafka's getmany and msgspec alone, `tidegate run --until-end` in all
roles over two lengths of the same telemetry, and the obvious Faust program. Tidegate's rate is the difference of the two lengths,
so that starting and stopping do not count; Faust's is taken from its first record on, and its start does not count either. CPU is
that of the process, user and system; the broker's is not counted to anybody.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.board import Part, Table, keep
from bench.child import ChildError, Ran, run
from bench.dense import Dense
from bench.spread import rates, spread
from bench.took import Took, steady
from bench.until_end import in_full, until_end
from streams.log.kafka import Kafka
from streams.log.topics import Topic, Topics
from streams.settings import KafkaSettings
from streams.simulate.produce import TopicSink, produce
from streams.simulate.traffic import Traffic, stream
from tests.kafka.broker import Cluster, Plan, running

TARGET = 40.0
PARTITIONS = 4
RAW_RECORDS = 300_000
SHORT, LONG = "short.", "long."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How many records each program gets."""

    short: int
    long: int
    peer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round. `start_cpu_s` is what Tidegate's start, stop and empty windows take; `resident_mb` its most memory."""

    fetch: Took
    decode: Took
    tidegate: Took
    faust: Took
    start_cpu_s: float
    resident_mb: float

    @property
    def ratio(self) -> float:
        """Tidegate's records a CPU-second over Faust's."""
        return self.tidegate.per_cpu_s / self.faust.per_cpu_s


class Bench:
    """One broker, filled once.

    Args:
        cluster: that runs.
        lengths: of the telemetry.
        folder: for what the runs write.
    """

    def __init__(self, cluster: Cluster, lengths: Lengths, folder: Path) -> None:
        self._bootstrap = cluster.bootstrap
        self._lengths = lengths
        self._folder = folder
        self._kafka = Kafka(KafkaSettings.of(bootstrap=cluster.bootstrap))
        self.sent: dict[str, int] = {}

    async def fill(self, dense: Callable[[int], Dense]) -> None:
        """Write both lengths of the telemetry."""
        for prefix, records in ((SHORT, self._lengths.short), (LONG, self._lengths.long)):
            topic = Topics(prefix).telemetry
            await self._kafka.ensure([Topic(topic, PARTITIONS, {})])
            traffic = Traffic(dense(records).scenario())
            producer = await self._kafka.producer()
            try:
                async for _ in produce(traffic, TopicSink(producer, topic, partitions=PARTITIONS), speed=None):
                    pass
            finally:
                await producer.stop()
            self.sent[prefix] = traffic.tally.usage_records

    def round(self) -> Round:
        """Measure everything once."""
        most = str(min(RAW_RECORDS, self.sent[LONG]))
        raw = json.loads(run([sys.executable, "-m", "bench.raw", self._bootstrap, Topics(LONG).telemetry, most]).stdout)
        peer = [sys.executable, "-m", "bench.peers.faust_table", self._bootstrap, Topics(SHORT).telemetry]
        short = self._tidegate(SHORT)
        faust = _last_json(run([*peer, str(self._lengths.peer), str(PARTITIONS)]).stdout)
        long = self._tidegate(LONG)
        tidegate = steady((self.sent[SHORT], short), (self.sent[LONG], long))
        return Round(
            fetch=Took(**raw["fetch"]),
            decode=Took(**raw["decode"]),
            tidegate=tidegate,
            faust=Took(**faust),
            start_cpu_s=short.cpu_s - self.sent[SHORT] / tidegate.per_cpu_s,
            resident_mb=long.resident_mb,
        )

    def _tidegate(self, prefix: str) -> Ran:
        return until_end(
            in_full, bootstrap=self._bootstrap, kafka=self._kafka, prefix=prefix, sent=self.sent[prefix], folder=self._folder
        )


def _last_json(stdout: str) -> dict[str, Any]:
    """What a program printed last, whatever it drew before."""
    told: dict[str, Any] = json.loads(stdout[stdout.rindex("{") :])
    return told


def measure(lengths: Lengths, *, rounds: int, dense: Dense) -> tuple[list[Round], float]:
    """All rounds, and bytes a record."""
    begin_ms = int(time.time()) * 1000 - 2 * dense.seconds * 1000
    found = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-")))
        cluster = stack.enter_context(running(Plan(full_speed=True, heap="1g"), folder))
        bench = Bench(cluster, lengths, folder)
        asyncio.run(bench.fill(lambda records: replace(dense, records=records, start_ms=begin_ms)))
        for number in range(rounds):
            found.append(bench.round())
            print(f"round {number + 1} of {rounds}: {found[-1].ratio:.1f} times Faust", file=sys.stderr, flush=True)
    sample = next(stream(Traffic(dense.scenario()))).values
    return found, sum(map(len, sample)) / len(sample)


def part(found: Sequence[Round], size: float, dense: Dense, command: str) -> Part:
    """What was measured, for people and programs."""
    names = {
        "aiokafka getmany alone": "fetch",
        "msgspec decode alone": "decode",
        "tidegate run, all roles": "tidegate",
        "Faust windowed table": "faust",
    }
    took = {name: [getattr(each, field) for each in found] for name, field in names.items()}
    rows = [
        (name, rates([each.per_cpu_s for each in its]), rates([each.per_s for each in its]), f"{its[0].records:,}")
        for name, its in took.items()
    ]
    ratios = [each.ratio for each in found]
    by_wall = [each.tidegate.per_s / each.faust.per_s for each in found]
    start = spread([each.start_cpu_s for each in found])[1]
    resident = spread([each.resident_mb for each in found])[1]
    note = (
        f"min / median / max of {len(found)} interleaved rounds; {PARTITIONS} partitions, records of {size:.0f} bytes, "
        f"{dense.tenants} tenants, {dense.records_per_s:,.0f} records/s of event time. Tidegate over Faust by CPU: {rates(ratios)} "
        f"[at least {TARGET:.0f}], by wall: {rates(by_wall)}. Tidegate's start and stop took {start:.1f} CPU-s, which do not "
        f"count; it had {resident:.0f} MB."
    )
    medians = {
        field: round(spread([each.per_cpu_s for each in its])[1]) for field, its in zip(names.values(), took.values(), strict=True)
    }
    figures = {
        "ratio_faust_table": round(spread(ratios)[1], 1),
        "ratio_faust_table_by_wall": round(spread(by_wall)[1], 1),
        "run_records_per_cpu_s": medians["tidegate"],
        "faust_records_per_cpu_s": medians["faust"],
        "fetch_records_per_s": medians["fetch"],
        "decode_records_per_s": medians["decode"],
    }
    table = Table("From Kafka to decisions", ("program", "records a CPU-s", "records/s by wall", "records a round"), rows, note)
    details = {"rounds": [asdict(each) for each in found], "record_bytes": size, "dense": asdict(dense)}
    return Part(name="kafka", command=command, figures=figures, details=details, tables=[table])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.kafka", description="Throughput of tidegate run beside a Faust table.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", type=int, default=200_000, help="records of the shorter run")
    parser.add_argument("--long", type=int, default=1_000_000, help="records of the longer run")
    parser.add_argument("--peer", type=int, default=30_000, help="records of the Faust program, about 10 s of them")
    parser.add_argument("--density", type=float, default=4_000.0, help="records a second of event time")
    parser.add_argument("--tenants", type=int, default=200)
    told = parser.parse_args(arguments)
    lengths = Lengths(short=told.short, long=told.long, peer=told.peer)
    dense = Dense(records=told.long, records_per_s=told.density, tenants=told.tenants)
    try:
        found, size = measure(lengths, rounds=told.rounds, dense=dense)
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    command = f"python -m bench.kafka --rounds {told.rounds} --short {told.short} --long {told.long} --peer {told.peer}"
    keep(part(found, size, dense, f"{command} --density {told.density:.0f}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
