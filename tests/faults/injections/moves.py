"""Leaders of partitions and coordinators of groups that move every 2 s, and a broker that is gone for a while."""

import time
from collections.abc import Iterator
from random import Random

from tests.faults.injections.injected import Injected
from tests.faults.mock_cluster import MockCluster
from tests.faults.recovery import disturbed_s
from tests.faults.rig import Rig

EVERY_S = 2.0
MOVES = 20
GONE_S = 10.0


def moves(its: Rig, chance: Random) -> Iterator[Injected]:
    """Twenty times a leader and a coordinator move; recovery counts from the last move."""
    cluster = its.cluster
    assert isinstance(cluster, MockCluster)
    topics = {topic.name: topic.partitions for topic in its.topics}
    groups = [its.service.topics.group(role) for role in ("ingest", "detect", "act")]
    while True:
        for _ in range(MOVES):
            name = chance.choice(sorted(topics))
            cluster.lead(name, chance.randrange(topics[name]), chance.randint(1, cluster.brokers))
            cluster.coordinate(chance.choice(groups), chance.randint(1, cluster.brokers))
            its.look_after()
            time.sleep(EVERY_S)
        yield Injected(recovery_s=disturbed_s(its, time.monotonic()))


def absences(its: Rig, chance: Random) -> Iterator[Injected]:
    """A broker of the mock cluster is gone for 10 s; recovery counts from its return."""
    cluster = its.cluster
    assert isinstance(cluster, MockCluster)
    while True:
        broker = chance.randint(1, cluster.brokers)
        cluster.set_down(broker)
        time.sleep(GONE_S)
        cluster.set_up(broker)
        yield Injected(recovery_s=disturbed_s(its, time.monotonic()))
