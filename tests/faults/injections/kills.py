"""SIGKILL, to whichever worker chance picks: one at a time, or thirty in a row before any of them has come to work."""

import time
from collections.abc import Iterator
from random import Random

from tests.faults.injections.injected import Injected
from tests.faults.recovery import recovered_s
from tests.faults.rig import Rig

CALM_S = 2.0
"""At most so long a time of work between a recovery and the next kill."""
BURST = 30
SHORTEST_S, LONGEST_S = 0.1, 1.0


def kills(its: Rig, chance: Random) -> Iterator[Injected]:
    """A worker is killed in its work, and started again at once under its name."""
    while True:
        time.sleep(chance.uniform(0, CALM_S))
        name = chance.choice(sorted(its.workers))
        killed_s = its.kill(name)
        its.start(name)
        yield Injected(recovery_s=recovered_s(its, killed_s), kills=1)


def bursts(its: Rig, chance: Random) -> Iterator[Injected]:
    """Kills 0.1 to 1 s apart, most of them while the worker is still starting; recovery counts from the last one."""
    while True:
        name = chance.choice(sorted(its.workers))
        for _ in range(BURST):
            killed_s = its.kill(name)
            its.start(name)
            time.sleep(chance.uniform(SHORTEST_S, LONGEST_S))
        yield Injected(recovery_s=recovered_s(its, killed_s), kills=BURST)
