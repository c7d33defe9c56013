"""Brokers that answer with errors: 7 in a hundred requests of every kind, with each code that a client has to live with."""

import time
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from tests.faults.injections.injected import Injected
from tests.faults.mock_cluster import MockCluster
from tests.faults.recovery import disturbed_s
from tests.faults.rig import Rig

SHARE = 0.07
LASTS_S = 40.0
AHEAD = 20_000
"""Answers decided in advance; more than there are requests in that time."""
CODES: Mapping[int, Sequence[int]] = {
    0: (6, 7, 19),  # Produce: not leader, timed out, not enough replicas
    1: (6,),  # Fetch: not leader
    2: (6,),  # ListOffsets: not leader
    8: (14, 15, 16, 22, 25, 27),  # OffsetCommit: coordinator loading, gone, not it; generation, member, rebalance
    9: (14, 15, 16),  # OffsetFetch
    10: (15,),  # FindCoordinator
    11: (14, 15, 16),  # JoinGroup
    12: (15, 16, 22, 25, 27),  # Heartbeat
    14: (16, 22, 27),  # SyncGroup
}
"""Kind of request -> error codes of Kafka's protocol."""


def refusals(its: Rig, chance: Random) -> Iterator[Injected]:
    """For 40 s some of all answers are errors; recovery counts from their end."""
    cluster = its.cluster
    assert isinstance(cluster, MockCluster)
    while True:
        for api_key, codes in CODES.items():
            cluster.fail(api_key, [chance.choice(codes) if chance.random() < SHARE else 0 for _ in range(AHEAD)])
        ends_s = time.monotonic() + LASTS_S
        while time.monotonic() < ends_s:
            its.look_after()
            time.sleep(0.5)
        for api_key in CODES:
            cluster.fail(api_key, [])
        yield Injected(recovery_s=disturbed_s(its, time.monotonic()))
