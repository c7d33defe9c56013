"""A simulated stream -> all messages that are sent, with everything that goes wrong on the way to a log."""

import datetime as dt
import enum
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streams.simulate.malformed import REASONS, malform
from streams.simulate.traffic import Traffic, stream
from tests.law.world import HOT, Size, scenario

MINUTE_MS = 60_000
AGAIN_MS = 12 * MINUTE_MS
"""A repeat is sent at most so long after its first; with all delays that stays within the horizon of 15 minutes."""
SETTLED_MS = 6_000
"""A conflicting version is sent at least so long after its first, so that the first always comes first."""
MOST_COPIES = 5
_TS = re.compile(rb'"ts":(\d+)')


class Kind(enum.IntEnum):
    """What a message is."""

    GOOD = 0
    REPEAT = 1
    CONFLICT = 2
    POISON = 3


@dataclass(slots=True)
class Sent:
    """Messages in no order; four columns of one length and what each is.

    Attributes:
        values: what is on the wire; None is a tombstone.
        tenants, events: what a sender may key it by.
        leaves_ms: when it is sent, by a true clock.
    """

    values: list[bytes | None] = field(default_factory=list)
    tenants: list[bytes] = field(default_factory=list)
    events: list[bytes] = field(default_factory=list)
    leaves_ms: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.values)

    def add(self, value: bytes | None, like: int, leaves_ms: int, kind: Kind) -> None:
        """Send another message under the keys of message `like`."""
        self.values.append(value)
        self.tenants.append(self.tenants[like])
        self.events.append(self.events[like])
        self.leaves_ms.append(leaves_ms)
        self.kinds.append(kind)

    def rows(self, kind: Kind) -> NDArray[np.int64]:
        """Which messages are of a kind."""
        return np.flatnonzero(np.array(self.kinds) == kind)


def sent(size: Size, seed: int) -> Sent:
    """Everything that is sent; the same size and seed give the same bytes."""
    chance = random.Random(seed)
    found = _good(size, seed)
    last_ms = max(found.leaves_ms)
    for row in range(len(found)):
        _vary(found, row, chance)
        _trouble(found, row, chance, size.poison, last_ms)
    return found


def _good(size: Size, seed: int) -> Sent:
    found = Sent()
    for arrivals in stream(Traffic(scenario(size, seed))):
        found.values += arrivals.values
        found.tenants += arrivals.keys
    values = [value or b"" for value in found.values]
    found.events = [value[13 : value.index(b'"', 13)] for value in values]
    found.leaves_ms = [int(_TS.search(value)[1]) for value in values]  # type: ignore[index]
    found.kinds = [int(Kind.GOOD)] * len(values)
    return found


def _vary(found: Sent, row: int, chance: random.Random) -> None:
    """Other ways to write the same: billed costs, times as text, senders whose clock is fast by less than a minute."""
    value, at_ms = found.values[row] or b"", found.leaves_ms[row]
    draw = chance.random()
    if draw < 0.02:
        value = value[:-1] + b',"cost_usd":"%d.%010d5"}' % (chance.randrange(2), chance.randrange(10**8))
    elif draw < 0.06:
        text = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC).isoformat(timespec="milliseconds")
        value = _TS.sub(b'"ts":"%s"' % text.encode(), value)
    elif draw < 0.07:
        found.leaves_ms[row] = at_ms - chance.randrange(1, 55_000)
    found.values[row] = value


def _trouble(found: Sent, row: int, chance: random.Random, poison: float, last_ms: int) -> None:
    """Repeats, conflicting versions and refused records, next to a good one.

    No version says that it happened after the last record: it would move the clock of its partition past windows that the others
    never close.
    """
    value, leaves_ms = found.values[row], found.leaves_ms[row]
    draw = chance.random()
    if draw < 0.01:
        for _ in range(chance.randint(1, MOST_COPIES - 1)):
            found.add(value, row, leaves_ms + chance.randrange(1, MINUTE_MS), Kind.REPEAT)
    elif draw < 0.015:
        found.add(value, row, leaves_ms + chance.randrange(MINUTE_MS, AGAIN_MS), Kind.REPEAT)
    elif draw < 0.018:
        again_ms = leaves_ms + chance.randrange(SETTLED_MS, AGAIN_MS)
        found.add(_conflicting(value or b"", min(again_ms, last_ms), chance), row, again_ms, Kind.CONFLICT)
    elif draw < 0.018 + poison:
        found.add(_poison(found, row, chance), row, leaves_ms, Kind.POISON)


def _conflicting(value: bytes, at_ms: int, chance: random.Random) -> bytes:
    """Another payload under the same id; every other one says that it happened when it is sent again."""
    record = json.loads(value)
    record |= {"output_tokens": 999_999} | ({"ts": at_ms} if chance.random() < 0.5 else {})
    return json.dumps(record, separators=(",", ":")).encode()


def _poison(found: Sent, row: int, chance: random.Random) -> bytes | None:
    """A refused record. Too old ones come from the tenant that never rests: what is too old hangs on its partition's clock."""
    reasons = list(REASONS)
    if found.tenants[row].decode() != HOT or found.leaves_ms[row] < found.leaves_ms[0] + 5 * MINUTE_MS:
        reasons.remove("too_old")
    reason = chance.choice([*reasons, "tombstone"])
    value = found.values[row] or b""
    return None if reason == "tombstone" else malform(value, reason, found.leaves_ms[row], chance)


def sent_again(before: Sent, seed: int) -> Sent:
    """The same messages, every good one sent one to five times within the horizon."""
    chance = np.random.default_rng(seed)
    good = before.rows(Kind.GOOD)
    again = np.repeat(good, chance.integers(0, MOST_COPIES, len(good)))
    lag_ms = chance.integers(0, AGAIN_MS, len(again)).tolist()
    more = list(_copies(before, again.tolist(), lag_ms))
    return Sent(
        before.values + [each[0] for each in more],
        before.tenants + [each[1] for each in more],
        before.events + [each[2] for each in more],
        before.leaves_ms + [each[3] for each in more],
        before.kinds + [int(Kind.REPEAT)] * len(more),
    )


def _copies(before: Sent, rows: list[int], lag_ms: list[int]) -> Iterator[tuple[bytes | None, bytes, bytes, int]]:
    for row, lag in zip(rows, lag_ms, strict=True):
        yield before.values[row], before.tenants[row], before.events[row], before.leaves_ms[row] + lag
