"""Histograms of a window -> capped marks of each row, and their logarithms."""

from dataclasses import dataclass

import numpy as np

from detectors.buckets import MIDDLE
from detectors.ecusum import RHOS
from detectors.facts import Float64, Histogram, Int64
from detectors.size_channel import LAMBDAS


@dataclass(frozen=True, slots=True)
class Cells:
    """The non-empty buckets of a window: `count[i]` requests of `value[i]` > 0 units in row `row[i]`; `rows` rows in all."""

    row: Int64
    value: Float64
    count: Float64
    rows: int

    @classmethod
    def of(cls, histogram: Histogram, rows: int) -> "Cells":
        """The cells of a histogram; requests of nothing say nothing of a size and add nothing to a load."""
        some = histogram.bucket > 0
        return cls(histogram.row[some], MIDDLE[histogram.bucket[some]], histogram.count[some].astype(np.float64), rows)

    def total(self, each: Float64) -> Float64:
        """Sum over requests of a value of each cell, by row, shape (rows,)."""
        return np.bincount(self.row, each * self.count, self.rows).astype(np.float64)

    def requests(self) -> Float64:
        """Requests by row, shape (rows,)."""
        return np.bincount(self.row, self.count, self.rows).astype(np.float64)

    def load(self, cap: Float64) -> tuple[Float64, Float64]:
        """Sum of marks s = min(value, cap) / cap by row, and sum of ln(1 + (rho - 1) s), shapes (rows,) and (bets, rows)."""
        marks = np.minimum(self.value / cap[self.row], 1.0)
        return self.total(marks), np.stack([self.total(np.log(1 + (rho - 1) * marks)) for rho in RHOS])

    def size(self, mean: Float64, cap: float, delta: float) -> tuple[Float64, Float64]:
        """Sum of x = min(value / mean, cap) by row, and of ln(1 - l + l x / (1 + delta)), shapes (rows,) and (bets, rows)."""
        ratio = np.minimum(self.value / mean[self.row], cap)
        return self.total(ratio), np.stack([self.total(np.log(1 - bet + bet / (1 + delta) * ratio)) for bet in LAMBDAS])
