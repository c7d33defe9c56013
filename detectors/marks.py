"""Histograms of a window -> capped marks of each row, and their logarithms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from detectors.buckets import MIDDLE
from detectors.ecusum import RHOS
from detectors.facts import Bool, Float64, Histogram, Int64
from detectors.size_channel import LAMBDAS


@dataclass(frozen=True, slots=True)
class Cells:
    """The non-empty buckets of a window for some units of all rows.

    Attributes:
        at: unit x rows + row of each cell.
        value: what stands for the values of its bucket.
        count: requests in it; 0 for those of nothing, which say nothing of a size and add nothing to a load.
        shape: (units, rows).
    """

    at: Int64
    value: Float64
    count: Float64
    shape: tuple[int, int]

    @classmethod
    def of(cls, histograms: Sequence[Histogram], rows: int) -> Self:
        """The cells of one histogram a unit."""
        ends = np.cumsum([len(each.row) for each in histograms]).tolist()
        at, value, count = np.empty(ends[-1], np.int64), np.empty(ends[-1]), np.empty(ends[-1])
        for unit, (each, end) in enumerate(zip(histograms, ends, strict=True)):
            its = slice(end - len(each.row), end)
            np.add(each.row, unit * rows, out=at[its])
            np.take(MIDDLE, each.bucket, out=value[its], mode="clip")  # no other mode writes without a copy
            np.multiply(each.count, each.bucket > 0, out=count[its])
        return cls(at, value, count, (len(histograms), rows))

    def total(self, each: Float64) -> Float64:
        """Sum over requests of a value of each cell, shape (units, rows)."""
        sums = np.bincount(self.at, each * self.count, self.shape[0] * self.shape[1])
        return sums.astype(np.float64, copy=False).reshape(self.shape)

    def requests(self) -> Float64:
        """Requests, shape (units, rows)."""
        return np.bincount(self.at, self.count, self.shape[0] * self.shape[1]).astype(np.float64, copy=False).reshape(self.shape)

    def of_rows(self, rows: Bool) -> Self:
        """The cells of the rows that a mask of shape (units, rows) names."""
        some = rows.ravel()[self.at]
        return type(self)(self.at[some], self.value[some], self.count[some], self.shape)

    def load(self, cap: Float64) -> Float64:
        """Sum of marks s = min(value, cap) / cap, shape (units, rows)."""
        return self.total(self._marks(cap))

    def load_bets(self, cap: Float64) -> Float64:
        """Sums of ln(1 + (rho - 1) s) over the same marks, shape (bets, units, rows)."""
        marks = self._marks(cap)
        return np.array([self.total(np.log(1 + (rho - 1) * marks)) for rho in RHOS.tolist()])

    def _marks(self, cap: Float64) -> Float64:
        return np.minimum(self.value / cap.ravel()[self.at], 1.0)

    def size(self, mean: Float64, cap: float) -> Float64:
        """Sum of x = min(value / mean, cap), shape (units, rows)."""
        return self.total(self._ratios(mean, cap))

    def size_bets(self, mean: Float64, cap: float, delta: float) -> Float64:
        """Sums of ln(1 - l + l x / (1 + delta)) over the same x, shape (bets, units, rows)."""
        ratios = self._ratios(mean, cap)
        stakes = [(1 - bet, bet / (1 + delta)) for bet in LAMBDAS.tolist()]
        return np.array([self.total(np.log(kept + bet * ratios)) for kept, bet in stakes])

    def _ratios(self, mean: Float64, cap: float) -> Float64:
        return np.minimum(self.value / mean.ravel()[self.at], cap)
