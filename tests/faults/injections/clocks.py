"""Somebody sets the wall clock of a worker that acts or stands by, and later sets it right."""

import time
from collections.abc import Iterator
from random import Random

from tests.faults.injections.injected import Injected
from tests.faults.recovery import disturbed_s
from tests.faults.rig import Rig

JUMPS_S = (-3_600, -300, -90, -20, 20, 90, 300, 3_600)
WRONG_S = 30.0


def clock_jumps(its: Rig, chance: Random) -> Iterator[Injected]:
    """The clock of one worker or of all jumps by 20 s to an hour, and back after 30 s; recovery counts from then."""
    while True:
        names = sorted(its.workers)
        for name in chance.sample(names, chance.randint(1, len(names))):
            its.set_clock(name, 1_000 * chance.choice(JUMPS_S))
        time.sleep(WRONG_S)
        for name in names:
            its.set_clock(name, 0)
        yield Injected(recovery_s=disturbed_s(its, time.monotonic()))
