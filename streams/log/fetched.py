"""Records of one partition that were fetched together, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from detectors.facts import Int64
from streams.batch import Batch


@dataclass(frozen=True, slots=True)
class Fetched:
    """A run of records of one partition, in the order of its log.

    Attributes:
        values: What was on the wire; None is a record without a value.
        numbers: int64 of shape (3, n): offsets, ascending; when each reached the log, epoch milliseconds; 1 where it has no key.
    """

    values: list[bytes | None]
    numbers: Int64

    @classmethod
    def of(cls, records: Any) -> Self:
        """Records that a client has decoded: each has an `offset`, a `timestamp`, a `key` and a `value`; a run as it is."""
        if isinstance(records, cls):
            return records
        rows = [(record.offset, record.timestamp, record.key is None) for record in records]
        return cls([record.value for record in records], np.array(rows, np.int64).reshape(-1, 3).T)

    @classmethod
    def joined(cls, runs: Sequence[Self]) -> Self:
        """Runs that follow each other, as one."""
        if len(runs) == 1:
            return runs[0]
        return cls(
            [value for run in runs for value in run.values],
            np.concatenate([np.zeros((3, 0), np.int64), *(run.numbers for run in runs)], axis=1),
        )

    def __len__(self) -> int:
        """How many records."""
        return len(self.values)

    def __getitem__(self, part: slice) -> "Fetched":
        """Some of the records."""
        return Fetched(self.values[part], self.numbers[:, part])

    @property
    def offsets(self) -> Int64:
        """Where each record stands."""
        offsets: Int64 = self.numbers[0]
        return offsets

    @property
    def offset(self) -> int:
        """The last offset."""
        return int(self.numbers[0, -1])

    @property
    def arrivals_ms(self) -> Int64:
        """When each record reached the log, epoch milliseconds."""
        arrivals_ms: Int64 = self.numbers[1]
        return arrivals_ms

    @property
    def unkeyed(self) -> int:
        """How many have no key."""
        return int(self.numbers[2].sum())

    def since(self, offset: int) -> "Fetched":
        """The records from an offset on."""
        return self if offset <= self.numbers[0, 0] else self[int(np.searchsorted(self.offsets, offset)) :]

    def below(self, offset: int) -> "Fetched":
        """The records below an offset."""
        return self[: int(np.searchsorted(self.offsets, offset))]

    def batch(self) -> Batch:
        """What a source partition is fed."""
        return Batch(self.values, self.offsets, self.arrivals_ms)
