"""SIGSTOP for longer than a session, so that another takes over, then SIGCONT: a worker that does not know that it is dead."""

import signal
import time
from collections.abc import Iterator
from random import Random

from tests.faults.injections.injected import Injected
from tests.faults.recovery import disturbed_s
from tests.faults.rig import Rig

STOPPED_S = 90.0


def zombies(its: Rig, chance: Random) -> Iterator[Injected]:
    """One of the workers sleeps for 90 s; recovery counts from its waking."""
    while True:
        worker = its.workers[chance.choice(sorted(its.workers))]
        worker.process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        worker.process.send_signal(signal.SIGCONT)
        yield Injected(recovery_s=disturbed_s(its, time.monotonic()))
