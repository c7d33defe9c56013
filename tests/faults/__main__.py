"""The kill programme: episodes of faults on a real Kafka of three brokers -> a table, build/chaos.json.

    python -m tests.faults [--quick] [--kind KIND ...] [--minutes N] [--again]

It goes on where it stopped: what is in build/chaos/results.json is not done again, unless `--again` says so. `--minutes` begins
nothing new after so long. Ends with 1 when a promise was broken.
"""

import argparse
import contextlib
import logging
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from tests.faults.board import keep, known, table, write
from tests.faults.crash_points import CRASH, walk_all
from tests.faults.disks import small_disk
from tests.faults.episode import Episode, play
from tests.faults.injections import INJECTIONS, MOCKED, SMALL_DISK
from tests.faults.mock_cluster import MockCluster, mock_cluster
from tests.faults.programme import FULL, QUICK, short
from tests.kafka.broker import Cluster, Plan, running

BROKERS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is left of the programme."""
    told = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the stream's own client is as disturbed as the workers'
    ends_s = time.monotonic() + 60 * told.minutes
    with contextlib.suppress(KeyboardInterrupt):
        for episode in _left(told):
            if time.monotonic() >= ends_s:
                print(f"{told.minutes:g} minutes are over; `make chaos` goes on from here")
                break
            _play(episode)
    figures = write(known())
    table(figures).show()
    for name, broken in figures["broken"].items():
        print(f"{name}: {broken}")
    return 1 if figures["broken"] else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Faults on a real Kafka, and what comes of them.")
    parser.add_argument("--quick", action="store_true", help="a short piece of it; with --kind, one short episode of each")
    parser.add_argument("--kind", action="append", choices=[CRASH, *INJECTIONS], help="only this one; may be repeated")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing new after so long")
    parser.add_argument("--again", action="store_true", help="do again what was done")
    return parser


def _left(told: argparse.Namespace) -> list[Episode]:
    done = {} if told.again else known()
    wanted = [short(each) for each in told.kind] if told.quick and told.kind else QUICK if told.quick else FULL
    return [each for each in wanted if each.name not in done and (not told.kind or each.kind in told.kind)]


def _play(episode: Episode) -> None:
    """One episode on a cluster of its own."""
    with tempfile.TemporaryDirectory(prefix="tidegate-chaos-") as name, _cluster(episode, Path(name)) as cluster:
        folder = Path(name) / "rig"
        keep(episode.name, walk_all(episode, cluster, folder) if episode.kind == CRASH else play(episode, cluster, folder, print))


@contextlib.contextmanager
def _cluster(episode: Episode, folder: Path) -> Iterator[Cluster | MockCluster]:
    if episode.kind in MOCKED:
        with mock_cluster(BROKERS) as mocked:
            yield mocked
        return
    with contextlib.ExitStack() as stack:
        if episode.kind in SMALL_DISK:
            stack.enter_context(small_disk(folder))
        yield stack.enter_context(running(Plan(brokers=BROKERS), folder))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
