"""Which episodes there are: all of `make chaos`, and a short piece of it."""

from collections.abc import Sequence
from dataclasses import replace

from tests.faults.crash_points import CRASH, PARTS
from tests.faults.episode import Episode

KILLS, PIECE = 300, 50
MOCKED_PER_S = 20.0
"""A mock cluster keeps at most 5 MB a partition."""
SPARSE_PER_S = 2.0
"""So little that partitions are idle now and then: that is where clocks count."""

FULL: Sequence[Episode] = (
    *(Episode(kind="kill", number=number, injections=PIECE) for number in range(1, KILLS // PIECE + 1)),
    *(Episode(kind=CRASH, number=number, injections=0) for number in range(1, PARTS + 1)),
    Episode(kind="receiver outage", number=1, injections=6),
    Episode(kind="ambiguous success", number=1, injections=6),
    Episode(kind="broker kill", number=1, injections=6),
    Episode(kind="lost segments", number=1, injections=6),
    Episode(kind="disk full", number=1, injections=3),
    Episode(kind="clock jumps", number=1, injections=4),
    Episode(kind="clock jumps", number=2, injections=4, per_s=SPARSE_PER_S),
    Episode(kind="rebalance storm", number=1, injections=3),
    Episode(kind="burst", number=1, injections=3),
    Episode(kind="zombie", number=1, injections=3),
    Episode(kind="error codes", number=1, injections=3, per_s=MOCKED_PER_S, workers=1),
    Episode(kind="moves", number=1, injections=2, per_s=MOCKED_PER_S, workers=1),
    Episode(kind="absent broker", number=1, injections=3, per_s=MOCKED_PER_S, workers=1),
)
QUICK: Sequence[Episode] = (
    Episode(kind="kill", number=0, injections=5),
    Episode(kind="ambiguous success", number=0, injections=1),
    Episode(kind="broker kill", number=0, injections=1),
)


def short(kind: str) -> Episode:
    """The shortest episode of a kind."""
    whole = next(each for each in FULL if each.kind == kind)
    return replace(whole, number=0, injections=min(whole.injections, SHORT.get(kind, 1)))


SHORT = {"lost segments": 3, "kill": 5}
"""Of these, one injection is not all that there is."""
