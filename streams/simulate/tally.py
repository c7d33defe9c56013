"""What a simulation has sent so far: the truth that totals of a run over it can be compared with."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streams.simulate.attempts import Column


@dataclass(slots=True)
class Tally:
    """Running totals.

    Attributes:
        usage_records: good records, each counted once.
        operations: good records with attempt = 1.
        duplicates: further records under the id of a good one; not counted in `usage_records`.
        conflicts: those of them that have another payload.
        dead_letters: refused records by reason.
        input_tokens, output_tokens: of the good records.
    """

    usage_records: int = 0
    operations: int = 0
    duplicates: int = 0
    conflicts: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    input_tokens: int = 0
    output_tokens: int = 0

    def count(self, rows: NDArray[np.int64]) -> None:
        """Count good records by their columns."""
        self.usage_records += rows.shape[1]
        self.operations += int((rows[Column.ATTEMPT] == 1).sum())
        self.input_tokens += int(np.maximum(rows[Column.INPUT], 0).sum())
        self.output_tokens += int(np.maximum(rows[Column.OUTPUT], 0).sum())

    def count_extra(self, what: str) -> None:
        """Count a record that came along with a good one."""
        if what == "duplicate":
            self.duplicates += 1
        elif what == "conflict":
            self.duplicates += 1
            self.conflicts += 1
        else:
            self.dead_letters[what] += 1
