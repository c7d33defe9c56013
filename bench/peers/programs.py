"""The peers by name: how each is started, where it writes, and how long a telemetry it gets."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.peers.answer import Reader, by_key, joined_key, plain, windowed_table
from bench.peers.jvm import jvm
from bench.peers.python import python
from bench.peers.telemetry import PARTITIONS

HERE = Path(__file__).parent
SLOW, MIDDLE, FAST = "slow", "middle", "fast"
"""Lengths of telemetry: what takes some seconds, at a few thousand, ten thousand, and a hundred thousand records a second."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a peer: which broker and topic, under which name of its own, and a folder for its local state."""

    bootstrap: str
    topic: str
    name: str
    folder: Path

    @property
    def out(self) -> str:
        """The topic for results."""
        return f"{self.name}-out"

    @property
    def changelog(self) -> str:
        """The topic that a Faust table called `facts` keeps."""
        return f"{self.name}-facts-changelog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A program that does the task.

    Attributes:
        title: for people.
        pace: one of the lengths.
        command: a run -> command line.
        output: a run -> the topic to be read for its answer.
        read: a record of that topic -> sums of a window.
    """

    title: str
    pace: str
    command: Callable[[Run], list[str]]
    output: Callable[[Run], str] = lambda run: run.out
    read: Reader = plain


def _faust_table(run: Run) -> list[str]:
    program = [sys.executable, "-m", "bench.peers.faust_table", run.bootstrap, run.topic]
    return [*program, "0", str(PARTITIONS), run.name, str(run.folder)]


def _faust_take(run: Run) -> list[str]:
    program = [sys.executable, "-m", "bench.peers.faust_take", run.bootstrap, run.topic]
    return [*program, str(PARTITIONS), run.name, str(run.folder)]


def _quix(run: Run) -> list[str]:
    return [str(python()), "-m", "bench.peers.quix", run.bootstrap, run.topic, run.out, run.name, str(run.folder)]


def _bytewax(run: Run) -> list[str]:
    return [str(python()), "-m", "bench.peers.bytewax_flow", run.bootstrap, run.topic, run.out, str(run.folder)]


def _java(source: str, heap: str) -> Callable[[Run], list[str]]:
    def command(run: Run) -> list[str]:
        return [*jvm(HERE / source, heap=heap, folder=run.folder), run.bootstrap, run.topic, run.out, run.name, str(run.folder)]

    return command


PEERS = {
    "faust_table": Peer(
        title="Faust, windowed table", pace=SLOW, command=_faust_table, output=lambda run: run.changelog, read=windowed_table
    ),
    "faust_take": Peer(
        title="Faust, take(1000)", pace=MIDDLE, command=_faust_take, output=lambda run: run.changelog, read=joined_key
    ),
    "quix": Peer(title="Quix Streams", pace=MIDDLE, command=_quix, read=by_key),
    "bytewax": Peer(title="Bytewax", pace=MIDDLE, command=_bytewax),
    "kafka_streams": Peer(title="Kafka Streams, RocksDB + changelog", pace=FAST, command=_java("kafka_streams", "512m")),
    "flink_sql": Peer(title="Flink SQL, parallelism 1", pace=FAST, command=_java("flink_sql", "512m")),
}
