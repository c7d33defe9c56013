"""Brokers that die and come back: leaders of partitions and coordinators of groups move each time."""

import time
from collections.abc import Iterator
from random import Random

from tests.faults.injections.injected import Injected
from tests.faults.recovery import disturbed_s
from tests.faults.rig import Rig
from tests.kafka.broker import Cluster

GONE_S = 15.0
"""At least; it comes back when all is well without it."""


def broker_kills(its: Rig, chance: Random) -> Iterator[Injected]:
    """One of the brokers is killed, and started again when all is well without it; recovery counts from its kill."""
    while True:
        cluster = its.cluster
        assert isinstance(cluster, Cluster)
        node = chance.choice(cluster.nodes)
        node.kill()
        killed_s = time.monotonic()
        spent_s = disturbed_s(its, killed_s)
        time.sleep(max(0.0, GONE_S - (time.monotonic() - killed_s)))
        node.start()
        cluster.wait_until_ready()
        yield Injected(recovery_s=spent_s)
