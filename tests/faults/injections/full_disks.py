"""A disk that is full: a broker loses its log directory and ends, and no worker can write a file."""

import resource
import subprocess
import time
from collections.abc import Iterator
from random import Random

from tests.faults.disks import NUMBER, Disk
from tests.faults.injections.injected import Injected
from tests.faults.recovery import disturbed_s
from tests.faults.rig import Rig
from tests.kafka.broker import Cluster, Node
from tests.kafka.service import Worker

DIES_S = 60.0
"""A broker that cannot write ends by then: otherwise the disk was not full for it."""
FULL_S = 15.0


def full_disks(its: Rig, _chance: Random) -> Iterator[Injected]:
    """A broker's disk is full until all is well without it, and workers may write no file; recovery counts from its filling."""
    while True:
        cluster = its.cluster
        assert isinstance(cluster, Cluster)
        disk, node = Disk.of(cluster.data), cluster.nodes[NUMBER - 1]
        workers = [(each, _limit(each, 0)) for each in its.alive()]
        disk.fill(node)
        filled_s = time.monotonic()
        _await_end(node)
        spent_s = disturbed_s(its, filled_s)
        time.sleep(max(0.0, FULL_S - (time.monotonic() - filled_s)))
        for worker, before in workers:
            _limit(worker, before)
        disk.empty()
        node.start()
        cluster.wait_until_ready()
        again_s = disturbed_s(its, time.monotonic())
        yield Injected(recovery_s=None if again_s is None else spent_s)


def _await_end(node: Node) -> None:
    assert node.process is not None
    try:
        node.process.wait(DIES_S)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"broker {node.number} goes on with a full disk") from None
    node.kill()


def _limit(worker: Worker, most: int) -> int:
    """Let a worker's files be of at most so many bytes; what the limit was."""
    if worker.process.poll() is not None:
        return most
    soft, hard = resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (most, hard))
    return soft
