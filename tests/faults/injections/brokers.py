"""Brokers that die and come back: leaders of partitions and coordinators of groups move each time."""

import time
from collections.abc import Iterator
from random import Random

from tests.faults.injections.injected import Injected
from tests.faults.recovery import recovered_s
from tests.faults.rig import Rig
from tests.kafka.broker import Cluster

GONE_S = 15.0


def broker_kills(its: Rig, chance: Random) -> Iterator[Injected]:
    """One of the brokers is killed and started again after 15 s; recovery counts from its kill until all is well without it."""
    while True:
        cluster = its.cluster
        assert isinstance(cluster, Cluster)
        node = chance.choice(cluster.nodes)
        node.kill()
        killed_s = time.monotonic()
        spent_s = recovered_s(its, killed_s)
        time.sleep(max(0.0, GONE_S - (time.monotonic() - killed_s)))
        node.start()
        cluster.wait_until_ready()
        recovered_s(its, time.monotonic())
        yield Injected(recovery_s=spent_s)
