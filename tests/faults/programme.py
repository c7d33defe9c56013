"""Which episodes there are: all of `make chaos`, and a short piece of it."""

from collections.abc import Sequence

from tests.faults.episode import Episode

KILLS, PIECE = 300, 50

FULL: Sequence[Episode] = (
    *(Episode(kind="kill", number=number, injections=PIECE) for number in range(1, KILLS // PIECE + 1)),
    Episode(kind="receiver outage", number=1, injections=6),
    Episode(kind="ambiguous success", number=1, injections=6),
    Episode(kind="broker kill", number=1, injections=6),
    Episode(kind="rebalance storm", number=1, injections=3),
    Episode(kind="burst", number=1, injections=3),
    Episode(kind="zombie", number=1, injections=3),
)
QUICK: Sequence[Episode] = (
    Episode(kind="kill", number=0, injections=5),
    Episode(kind="ambiguous success", number=0, injections=1),
    Episode(kind="broker kill", number=0, injections=1),
)
