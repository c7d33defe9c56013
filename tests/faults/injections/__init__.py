"""What is done to a running installation, by name: each takes a rig and chance, and tells of every injection how it ended."""

from collections.abc import Callable, Iterator, Mapping
from random import Random

from tests.faults.injections.brokers import broker_kills
from tests.faults.injections.clocks import clock_jumps
from tests.faults.injections.full_disks import full_disks
from tests.faults.injections.injected import Injected
from tests.faults.injections.kills import bursts, kills
from tests.faults.injections.moves import absences, moves
from tests.faults.injections.outages import ambiguous_successes, receiver_outages
from tests.faults.injections.rebalances import rebalance_storm
from tests.faults.injections.refusals import refusals
from tests.faults.injections.segments import lost_segments
from tests.faults.injections.zombies import zombies
from tests.faults.rig import Rig

Inject = Callable[[Rig, Random], Iterator[Injected]]
"""Injects without end; whoever iterates decides how often."""

INJECTIONS: Mapping[str, Inject] = {
    "kill": kills,
    "burst": bursts,
    "zombie": zombies,
    "receiver outage": receiver_outages,
    "ambiguous success": ambiguous_successes,
    "rebalance storm": rebalance_storm,
    "broker kill": broker_kills,
    "lost segments": lost_segments,
    "disk full": full_disks,
    "clock jumps": clock_jumps,
    "error codes": refusals,
    "moves": moves,
    "absent broker": absences,
}
MOCKED = ("error codes", "moves", "absent broker")
"""Those that need the mock cluster."""
SKEWED = ("clock jumps",)
"""Those that need workers with clocks of their own."""
SMALL_DISK = ("disk full",)
"""Those that need a broker whose disk can be filled."""
