"""Messages -> the order in which they reach the log, and the partitions that they fall into."""

import enum
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.batch import Batch
from tests.law.weather import Sent

WITHIN_GRACE_MS = 4_900
LATE = 0.01
LATE_MS = (5_000, 150_000)
"""Beyond the delay that everybody has."""


class Keying(enum.StrEnum):
    """What telemetry is keyed by. In each of them a repeat meets its first."""

    TENANT = "tenant"
    EVENT = "event"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class Log:
    """Messages in the order of arrival, columns of one length."""

    values: list[bytes | None]
    tenants: list[bytes]
    events: list[bytes]
    arrivals_ms: list[int]

    def __len__(self) -> int:
        return len(self.values)

    def keys(self, keying: Keying) -> list[bytes]:
        """The key of each message."""
        if keying is Keying.CONSTANT:
            return [b"all"] * len(self)
        return self.tenants if keying is Keying.TENANT else self.events

    def partitions(self, keying: Keying, count: int) -> list[int]:
        """The partition of each message."""
        return [zlib.crc32(key) % count for key in self.keys(keying)]


def arrive(sent: Sent, seed: int, *, late: bool = False) -> Log:
    """A log of the messages, shuffled within the grace; with `late`, one in a hundred comes up to two and a half minutes later.

    A late message is overtaken by others, but not by its own repeats: of two payloads under one id the first to arrive counts.
    """
    chance = np.random.default_rng(seed)
    delay_ms = chance.integers(0, WITHIN_GRACE_MS, len(sent))
    if late:
        which = np.flatnonzero(chance.random(len(sent)) < LATE)
        delay_ms[which] += chance.integers(*LATE_MS, len(which))
    arrivals_ms = np.array(sent.leaves_ms, np.int64) + delay_ms
    if late:
        row_of: dict[bytes, int] = {}
        first = [row_of.setdefault(event, row) for row, event in enumerate(sent.events)]
        arrivals_ms = np.maximum(arrivals_ms, arrivals_ms[first])
    order = np.argsort(arrivals_ms, kind="stable")
    rows = order.tolist()
    columns = ([column[row] for row in rows] for column in (sent.values, sent.tenants, sent.events))
    return Log(*columns, arrivals_ms[order].tolist())  # type: ignore[arg-type]


class MemorySource:
    """A partition of a log as replay reads it, in batches of any size: how it is cut changes nothing."""

    has_arrival = True

    def __init__(self, log: Log, rows: NDArray[np.int64], *, number: int, seed: int) -> None:
        self.name = f"memory[{number}]"
        self._log = log
        self._rows = rows
        self._chance = np.random.default_rng([seed, number])

    def batches(self) -> Iterator[Batch]:
        """Its records in order."""
        at = 0
        while at < len(self._rows):
            rows = self._rows[at : at + int(self._chance.integers(1, 4_000))].tolist()
            values = [self._log.values[row] for row in rows]
            yield Batch(values, range(at, at + len(rows)), [self._log.arrivals_ms[row] for row in rows])
            at += len(rows)


def dealt(log: Log, keying: Keying, count: int, *, seed: int = 0) -> list[MemorySource]:
    """The partitions of a log."""
    where = np.array(log.partitions(keying, count), np.int64)
    return [MemorySource(log, np.flatnonzero(where == number), number=number, seed=seed) for number in range(count)]
