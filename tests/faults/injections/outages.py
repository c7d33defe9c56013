"""Receivers that fail: not there, overloaded, hanging, or doing what they are asked and hanging up before they say so."""

import time
from collections.abc import Iterator
from random import Random

from streams.demo.misbehaviour import Fault
from tests.faults.injections.injected import Injected
from tests.faults.recovery import recovered_s
from tests.faults.rig import Rig

OUTAGES = (Fault.UNAVAILABLE, Fault.SERVER_ERROR, Fault.TOO_MANY, Fault.CLOSE, Fault.HANG)
OUTAGE_S = 20.0
DRAIN_S = 120.0
LOOK_S = 0.2


def receiver_outages(its: Rig, chance: Random) -> Iterator[Injected]:
    """Every call fails for 20 s, and half of the time a worker is killed meanwhile; recovery: until nothing waits any more."""
    while True:
        yield _fail(its, chance, chance.choice(OUTAGES))


def ambiguous_successes(its: Rig, chance: Random) -> Iterator[Injected]:
    """Every call has its effect and no answer for 20 s, and half of the time a worker is killed meanwhile."""
    while True:
        yield _fail(its, chance, Fault.APPLY_THEN_CLOSE)


def _fail(its: Rig, chance: Random, fault: Fault) -> Injected:
    its.seen.fail(fault)
    time.sleep(OUTAGE_S / 2)
    kills = chance.randrange(2)
    if kills:
        name = chance.choice(sorted(its.workers))
        its.kill(name)
        its.start(name)
    time.sleep(OUTAGE_S / 2)
    its.seen.fail(None)
    return Injected(recovery_s=_drained_s(its, time.monotonic()), kills=kills)


def _drained_s(its: Rig, since_s: float) -> float | None:
    """Seconds until all is well and no decision waits to be performed."""
    while time.monotonic() - since_s < DRAIN_S:
        if recovered_s(its, since_s, give_up_s=DRAIN_S) is not None and not _waiting(its):
            return time.monotonic() - since_s
        time.sleep(LOOK_S)
    return None


def _waiting(its: Rig) -> int:
    return sum(sum(worker.get("api/v1/status")["waiting"].values()) for worker in its.alive())
