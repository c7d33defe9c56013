"""One stream, many ways to deal it out -> where the answers differ from those of the first way, and from the recount."""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from actions.policy import Policy
from tests.law.answers import OF_PARTITIONS, Answers, differences, miscounted, replayed, total_differences
from tests.law.log import Keying, Log, arrive, dealt
from tests.law.recount import Recount, recount
from tests.law.weather import Sent, sent_again

PARTITIONS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Way:
    """How a stream is dealt out.

    Attributes:
        again: every record is sent one to five times within the horizon.
        late: some records come after their window.
    """

    keying: Keying
    partitions: int
    again: bool = False
    late: bool = False

    def __str__(self) -> str:
        """For tables and the names of tests."""
        extras = [word for word, its in (("again", self.again), ("late", self.late)) if its]
        return "-".join([str(self.partitions), self.keying.value, *extras])


def ways(*, again: bool = False, late: bool = False) -> list[Way]:
    """All pairs of a key and a partition count. Repeats of every record take three times as long, and go with the largest count."""
    pairs = itertools.product(Keying, PARTITIONS)
    return [Way(keying, count, again and count == PARTITIONS[-1], late) for keying, count in pairs]


@dataclass(frozen=True, slots=True)
class Went:
    """One way that was gone; `wrong` says in words where it broke the law."""

    way: Way
    records: int
    seconds: float
    wrong: list[str]


@dataclass(slots=True)
class Matrix:
    """A stream, and what is expected of it however it is dealt out.

    Attributes:
        sent: all messages.
        policy: that is run over them.
        first: the answers of one partition, in order and in time.
    """

    sent: Sent
    policy: Policy
    first: Answers = field(init=False)
    counted: dict[bool, Recount] = field(init=False)

    def __post_init__(self) -> None:
        """Count the stream, and run it once."""
        logs = {late: self.log(0, late=late) for late in (False, True)}
        self.counted = {late: recount(log) for late, log in logs.items()}
        self.first = replayed(self.policy, dealt(logs[False], Keying.CONSTANT, 1))

    def log(self, order: int, *, late: bool = False, again: bool = False) -> Log:
        """The stream in one order of arrival."""
        return arrive(sent_again(self.sent, order) if again else self.sent, order, late=late)

    def go(self, way: Way, order: int) -> Went:
        """Run the stream as it is dealt out by `way`, in an order of its own; late ones in the order that was counted."""
        log = self.log(0 if way.late else order, late=way.late, again=way.again)
        began_s = time.perf_counter()
        found = replayed(self.policy, dealt(log, way.keying, way.partitions, seed=order))
        seconds = time.perf_counter() - began_s
        more = len(log) - len(self.sent)
        wrong = miscounted(found, self.counted[way.late], more_duplicates=more)
        if way.late:
            wrong += [] if found.totals["late_records"] else ["nothing was late"]
            wrong += total_differences(self.first, found, but=(*OF_PARTITIONS, "duplicates", "conflicts"))
        else:
            wrong += [f"{found.totals['late_records']} records were late"] if found.totals["late_records"] else []
            wrong += differences(self.first, found, but=("duplicates",))
        return Went(way, len(log), seconds, wrong)

    def walk(self, all_ways: Sequence[Way]) -> Iterator[Went]:
        """Go all ways, each in another order of arrival."""
        for order, way in enumerate(all_ways, 1):
            yield self.go(way, order)
