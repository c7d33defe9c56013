"""Values of one source partition, in offset order -> what every reader hands over and every source partition is fed."""

from collections.abc import Sequence
from dataclasses import dataclass

from detectors.facts import Int64

Numbers = Sequence[int] | Int64


@dataclass(frozen=True, slots=True)
class Batch:
    """A run of records of one source partition, in the order of its log.

    Attributes:
        values: What was on the wire, byte for byte; None is a record without a value (a tombstone).
        offsets: Position of each record, strictly increasing; as long as `values`. A file counts its lines from 0,
            empty ones included; a record of a Parquet file is a row.
        arrivals_ms: When each record reached the log, epoch milliseconds, as long as `values`; None for a plain file,
            which does not know.
    """

    values: Sequence[bytes | None]
    offsets: Numbers
    arrivals_ms: Numbers | None = None

    def __len__(self) -> int:
        """Number of records."""
        return len(self.values)
