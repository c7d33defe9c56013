"""Tidegate beside six stream processors on one real Apache Kafka -> records a CPU-second, memory, ratios, the bar.

    python -m bench.beside [--rounds 3] [--peer quix --peer flink_sql ...] [--scopes 20000]

Everybody reads the same records and sums them up by tenant in windows of 10 s of event time: records, tokens, cost, retries.
In each round all programs run one after the other, each over two lengths of the telemetry: what counts is the difference, so that
starting does not. A peer's answer must equal a recount of the records, window by window, in every run. Tidegate runs twice: in
full, and cut to that one roll-up with dedupe, snapshots and commits on. CPU is that of the process, all threads, user and system.
Memory at many tenants is measured of the engines that are as fast as Tidegate: others take too long over so many.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from bench.beside_page import Found, Round, part
from bench.board import keep
from bench.child import ChildError, Ran, run
from bench.dense import Dense
from bench.peers.answer import Answer
from bench.peers.programs import FAST, MIDDLE, PEERS, SLOW, Run
from bench.peers.serve import served
from bench.peers.telemetry import PARTITIONS, Telemetry, fill
from bench.took import Took, steady
from bench.until_end import Service, cut_to_one, forget, in_full, until_end
from streams.log.kafka import Kafka
from streams.log.topics import Topic
from streams.settings import KafkaSettings
from tests.kafka.broker import Plan, running

TIDEGATE: Mapping[str, Service] = {"full": in_full, "one_rollup": cut_to_one}
RAW_RECORDS = 300_000
PAST_MS = 900_000
"""How long ago the telemetry ended when it is written: nobody's clock is ahead of it."""
SCOPES_RECORDS = 300_000
SCOPES_PER_S = 20_000.0

Lengths = Mapping[str, tuple[int, int]]
"""By pace, records of the shorter and of the longer run."""


class Beside:
    """One broker, filled once, and programs that run on it.

    Args:
        bootstrap: of the broker.
        folder: for what the runs write.
    """

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._folder = folder
        self._kafka = Kafka(KafkaSettings.of(bootstrap=bootstrap))
        self._number = count(1)
        self._telemetry: dict[tuple[str, int], Telemetry] = {}

    def fill(self, lengths: Lengths, dense: Dense) -> float:
        """Write all lengths; bytes a record."""
        for pace, both in lengths.items():
            for at, records in enumerate(both):
                self._telemetry[pace, at] = self.write(f"{pace}-{at}.", dense, records)
        return self._telemetry[FAST, 1].bytes_a_record

    def write(self, prefix: str, dense: Dense, records: int) -> Telemetry:
        """Write one length of a traffic that ended some minutes ago."""
        begin_ms = int(time.time()) * 1000 - PAST_MS - dense.seconds * 1000
        return asyncio.run(fill(self._kafka, prefix, replace(dense, start_ms=begin_ms), records))

    def round(self, peers: Sequence[str]) -> Round:
        """Measure everybody once."""
        raw = self._raw()
        took, resident_mb = {"fetch": Took(**raw["fetch"]), "decode": Took(**raw["decode"])}, {}
        for name in (*TIDEGATE, *peers):
            pace = PEERS[name].pace if name in PEERS else FAST
            short, long = self._telemetry[pace, 0], self._telemetry[pace, 1]
            few, many = self.run(name, short), self.run(name, long)
            took[name] = steady((short.records, few), (long.records, many))
            resident_mb[name] = many.resident_mb
            print(f"{name}: {took[name].per_cpu_s:,.0f} records a CPU-s", file=sys.stderr, flush=True)
        return Round(took, resident_mb)

    def _raw(self) -> dict[str, Any]:
        long = self._telemetry[FAST, 1]
        records = str(min(RAW_RECORDS, long.records))
        raw = [sys.executable, "-m", "bench.raw", self._bootstrap, long.topic, records]
        found: dict[str, Any] = json.loads(run(raw).stdout)
        return found

    def run(self, name: str, telemetry: Telemetry) -> Ran:
        """Run one program over one topic; nothing of it stays.

        Raises:
            ChildError: when its answer is wrong.
        """
        if name not in TIDEGATE:
            return self._peer(name, telemetry)
        return until_end(
            TIDEGATE[name],
            bootstrap=self._bootstrap,
            kafka=self._kafka,
            prefix=telemetry.prefix,
            sent=telemetry.sent,
            folder=self._folder / f"run-{next(self._number)}",
        )

    def crowded(self, names: Sequence[str], telemetry: Telemetry) -> Iterator[tuple[str, float]]:
        """Memory of each over a topic of many tenants. Who does not get it right is named, and costs no round."""
        for name in names:
            try:
                yield name, self.run(name, telemetry).resident_mb
            except ChildError as error:
                print(f"{name}: no memory measured: {error}", file=sys.stderr, flush=True)

    def _peer(self, name: str, telemetry: Telemetry) -> Ran:
        peer = PEERS[name]
        with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as folder:
            its = Run(self._bootstrap, telemetry.topic, f"peer-{next(self._number)}-{name}", Path(folder))
            output = peer.output(its)
            asyncio.run(self._kafka.ensure([Topic(output, PARTITIONS, {})]))
            answer = Answer(telemetry.expected, peer.read)
            ran = served(self._kafka, peer.command(its), output=output, answer=answer)
            asyncio.run(forget(self._kafka, lambda topic: its.name in topic))
        return ran


@contextmanager
def beside() -> Iterator[Beside]:
    """A broker for the length of a `with` block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-", ignore_cleanup_errors=True)))
        yield Beside(stack.enter_context(running(Plan(full_speed=True, heap="1g"), folder)).bootstrap, folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be measured. `scopes`: how many tenants memory is measured at; 0 leaves that out."""

    rounds: int
    peers: Sequence[str]
    lengths: Lengths
    dense: Dense
    scopes: int


def measure(asked: Asked) -> Found:
    """All rounds, and memory at many scopes."""
    with beside() as bench:
        size = bench.fill(asked.lengths, asked.dense)
        rounds = []
        for number in range(asked.rounds):
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr, flush=True)
            rounds.append(bench.round(asked.peers))
        crowded: dict[str, list[float]] = {}
        if asked.scopes:
            many = Dense(records=SCOPES_RECORDS, records_per_s=SCOPES_PER_S, tenants=asked.scopes)
            telemetry = bench.write("scopes.", many, SCOPES_RECORDS)
            fast = [peer for peer in asked.peers if PEERS[peer].pace == FAST]
            for _ in range(asked.rounds):
                for name, most_mb in bench.crowded((*TIDEGATE, *fast), telemetry):
                    crowded.setdefault(name, []).append(most_mb)
    return Found(rounds=rounds, crowded_mb=crowded, scopes=asked.scopes, record_bytes=size, dense=asked.dense)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.beside", description="Tidegate beside other stream processors.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", action="append", choices=tuple(PEERS), help="only this one; may be repeated")
    parser.add_argument("--scale", type=float, default=1.0, help="of all lengths of telemetry")
    parser.add_argument("--scopes", type=int, default=20_000, help="tenants at which memory is measured; 0 leaves that out")
    told = parser.parse_args(arguments)
    full = {SLOW: (15_000, 50_000), MIDDLE: (50_000, 200_000), FAST: (400_000, 2_000_000)}
    lengths = {pace: (round(few * told.scale), round(many * told.scale)) for pace, (few, many) in full.items()}
    dense = Dense(records=lengths[FAST][1])
    asked = Asked(rounds=told.rounds, peers=told.peer or tuple(PEERS), lengths=lengths, dense=dense, scopes=told.scopes)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a topic that was just made has no leader everywhere; it tries again
    try:
        found = measure(asked)
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    only = "".join(f" --peer {peer}" for peer in told.peer or ())
    keep(part(found, f"python -m bench.beside --rounds {told.rounds} --scale {told.scale:g} --scopes {told.scopes}{only}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
