"""Crash points -> a worker that dies at each of them in turn, while decisions of one kind are pending, and what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streams.log.kafka import TopicPartition
from streams.log.snapshot import partition_of
from tests.faults.check import Checked, check
from tests.faults.evidence import keys_of
from tests.faults.mock_cluster import MockCluster
from tests.faults.policy import ROLLBACK
from tests.faults.rig import Rig, Setting, rig
from tests.faults.steps import KILLED
from tests.kafka.broker import Cluster
from tests.kafka.service import Worker, until

REACH_S = 60.0
"""A worker that has not come to its crash point by then never will: then the point was not covered, which is said."""
SPEND_MS, CANARY_MS = 10_000, 10_000


@dataclass(slots=True, kw_only=True)
class Walked:
    """What became of a walk along crash points.

    Attributes:
        reached: labels at which the worker ended itself.
        missed: labels to which it did not come.
    """

    kind: str
    reached: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    checked: Checked | None = None


def setting_of(kind: str, number: int = 0) -> Setting:
    """An installation that does one thing only, every few seconds."""
    often = {"canary_ms": CANARY_MS} if kind == ROLLBACK else {"spend_ms": SPEND_MS}
    return Setting(prefix=f"{kind}{number}.", seed=number, kinds=(kind,), untidy=True, per_s=4.0, **often)


def walk(
    cluster: Cluster | MockCluster, folder: Path, kind: str, labels: Sequence[str], *, number: int = 0, replay: bool = True
) -> Walked:
    """Let one worker after the other die at its label; then let one live, come to rest, and check everything."""
    walked = Walked(kind=kind)
    with rig(cluster, folder, setting_of(kind, number)) as its:
        settle_in(its)
        for label in labels:
            worker = its.start("w1", crash_at=label)
            (walked.reached if _died(worker) else walked.missed).append(label)
            worker.kill()
        its.start("w1")
        walked.checked = check(its, folder, replay=replay)
    return walked


def settle_in(its: Rig) -> None:
    """Run until stage 3 has state that outlives a worker: before that it works off history, and acts on none of it."""
    worker, state = its.start("w1"), TopicPartition(its.service.topics.state, partition_of("act"))
    until(lambda: any(key.startswith(b"act/") and key.endswith(b"/manifest") for key in keys_of(its.service, state)))
    worker.kill()


def _died(worker: Worker) -> bool:
    deadline_s = time.monotonic() + REACH_S
    while time.monotonic() < deadline_s:
        code = worker.process.poll()
        if code is not None:
            assert code == KILLED, worker.log.read_text()
            return True
        time.sleep(0.1)
    return False
