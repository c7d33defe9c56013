"""A worker that comes and goes, so that the groups never rest."""

import time
from collections.abc import Iterator
from random import Random

from tests.faults.injections.injected import Injected
from tests.faults.recovery import disturbed_s
from tests.faults.rig import Rig

COMES = 10
STAYS_S = 3.0
READY_S = 60.0


def rebalance_storm(its: Rig, chance: Random) -> Iterator[Injected]:
    """A third worker joins, stays for about 3 s, and leaves, ten times: now in order, now by a kill."""
    while True:
        kills = 0
        for _ in range(COMES):
            its.start("guest").wait_ready()
            time.sleep(chance.uniform(0, 2 * STAYS_S))
            if chance.randrange(2):
                its.kill("guest")
                kills += 1
            else:
                its.stop("guest")
        yield Injected(recovery_s=disturbed_s(its, time.monotonic()), kills=kills)
