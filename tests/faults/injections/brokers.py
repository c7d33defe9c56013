"""Brokers that die and come back: leaders of partitions and coordinators of groups move each time."""

import time
from collections.abc import Iterator
from random import Random

from tests.faults.injections.injected import Injected
from tests.faults.recovery import disturbed_s
from tests.faults.rig import Rig
from tests.kafka.broker import Cluster, Node

GONE_S = 15.0
"""At least; it comes back when all is well without it."""


def broker_kills(its: Rig, chance: Random) -> Iterator[Injected]:
    """One of the brokers is killed, and started again when all is well without it; recovery counts from its kill."""
    while True:
        killed_s = time.monotonic()
        cluster, node, spent_s = one_killed(its, chance)
        time.sleep(max(0.0, GONE_S - (time.monotonic() - killed_s)))
        node.start()
        cluster.wait_until_ready()
        yield Injected(recovery_s=spent_s)


def one_killed(its: Rig, chance: Random) -> tuple[Cluster, Node, float | None]:
    """Kill one of the brokers: which, and how long that disturbed; None when it did to the end."""
    cluster = its.cluster
    assert isinstance(cluster, Cluster)
    node = chance.choice(cluster.nodes)
    node.kill()
    return cluster, node, disturbed_s(its, time.monotonic())
