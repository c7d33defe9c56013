"""Records in the order in which they reach the log, and the partitions that they fall into."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.batch import Batch


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Records in arrival order.

    Attributes:
        values: what is on the wire.
        keys: the tenant of each, by which the log is partitioned.
        arrivals_ms: int64, never falling.
    """

    values: list[bytes]
    keys: list[bytes]
    arrivals_ms: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of records."""
        return len(self.values)

    def at(self, rows: NDArray[np.int64]) -> "Arrivals":
        """The records at the indices `rows`, in that order."""
        indices = rows.tolist()
        return Arrivals([self.values[row] for row in indices], [self.keys[row] for row in indices], self.arrivals_ms[rows])


class Partitioning:
    """Deals records out to the partitions of a topic, by key, and numbers them there."""

    def __init__(self, partitions: int) -> None:
        self.next_offset = [0] * partitions
        self._of_key: dict[bytes, int] = {}

    def partition(self, key: bytes) -> int:
        """The partition of a key: the same for every run."""
        if key not in self._of_key:
            self._of_key[key] = zlib.crc32(key) % len(self.next_offset)
        return self._of_key[key]

    def deal(self, arrivals: Arrivals) -> Mapping[int, tuple[Batch, list[bytes]]]:
        """(records, keys) of each partition that gets any, with offsets that go on where the last call ended."""
        if not len(arrivals):
            return {}
        if len(self.next_offset) == 1:
            return {0: self._number(0, arrivals)}
        where = np.fromiter(map(self.partition, arrivals.keys), dtype=np.int64, count=len(arrivals))
        return {
            partition: self._number(partition, arrivals.at(np.flatnonzero(where == partition)))
            for partition in np.unique(where).tolist()
        }

    def _number(self, partition: int, arrivals: Arrivals) -> tuple[Batch, list[bytes]]:
        first = self.next_offset[partition]
        self.next_offset[partition] = first + len(arrivals)
        return Batch(arrivals.values, range(first, first + len(arrivals)), arrivals.arrivals_ms.tolist()), arrivals.keys
