"""Columns of operations: one row a request, before it is known how many attempts it takes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(slots=True)
class Operations:
    """Requests in the order in which they begin; faults change the columns in place.

    Attributes:
        start_ms: when the first attempt begins, epoch milliseconds.
        lane: index into the lanes.
        towards: see Lanes.
        input_tokens, output_tokens: of an attempt that succeeds.
        error_ratio: chance that an attempt fails at the provider.
        retries: how often a failed attempt is repeated, at most.
        amplification: mean number of attempts that the client makes in any case, 1 or more.
    """

    start_ms: Float64
    lane: Int64
    towards: Mapping[str, Int64]
    input_tokens: Float64
    output_tokens: Float64
    error_ratio: Float64
    retries: Int64
    amplification: Float64

    def __len__(self) -> int:
        """Number of operations."""
        return len(self.lane)

    def reroute(self, rows: Int64, model: str) -> None:
        """Move the operations at `rows` to another model, the rest unchanged."""
        self.lane[rows] = self.towards[model][self.lane[rows]]
