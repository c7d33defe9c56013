"""Histograms of a window -> capped marks of each row, and their logarithms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from detectors.buckets import MIDDLE
from detectors.columns import Floats, Int32
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
    def of(cls, units: Sequence[Sequence[tuple[Int32, Histogram]]], rows: int) -> Self:
        """The cells of the histograms of each unit, given with the row of each of their slots."""
        whole = sum(len(each.row) for histograms in units for _, each in histograms)
        at, value, count, end = np.empty(whole, np.int64), np.empty(whole), np.empty(whole), 0
        for unit, histograms in enumerate(units):
            for of, each in histograms:
                its = slice(end, end := end + len(each.row))
                np.take(of + np.int64(unit * rows), each.row, out=at[its], mode="clip")  # no other mode writes without a copy
                np.take(MIDDLE, each.bucket, out=value[its], mode="clip")
                count[its] = each.count
                count[its][each.bucket == 0] = 0
        return cls(at, value, count, (len(units), rows))

    def total(self, each: Float64) -> Float64:
        """Sum over requests of a value of each cell, shape (units, rows)."""
        return self._by_row(each * self.count)

    def requests(self) -> Float64:
        """Requests, shape (units, rows)."""
        return self._by_row(self.count)

    def _by_row(self, each: Float64) -> Float64:
        return np.bincount(self.at, each, self.shape[0] * self.shape[1]).astype(np.float64, copy=False).reshape(self.shape)

    def _weighed(self, each: Float64) -> Float64:
        """The sum over requests of a value that nobody else needs: not another array is made of half a million cells."""
        return self._by_row(np.multiply(each, self.count, out=each))

    def of_rows(self, rows: Bool) -> Self:
        """The cells of the rows that a mask of shape (units, rows) names."""
        some = rows.ravel()[self.at]
        return type(self)(self.at[some], self.value[some], self.count[some], self.shape)

    def load(self, cap: Float64) -> Float64:
        """Sum of marks s = min(value, cap) / cap, shape (units, rows)."""
        return self._weighed(self._marks(cap))

    def load_bets(self, cap: Float64) -> Float64:
        """Sums of ln(1 + (rho - 1) s) over the same marks, shape (bets, units, rows)."""
        marks = self._marks(cap)
        return np.array([self.total(np.log(1 + (rho - 1) * marks)) for rho in RHOS.tolist()])

    def _marks(self, cap: Float64) -> Float64:
        return self._quotients(cap, 1.0)

    def size(self, mean: Float64, cap: float) -> Float64:
        """Sum of x = min(value / mean, cap), shape (units, rows)."""
        return self._weighed(self._ratios(mean, cap))

    def size_bets(self, mean: Float64, cap: float, delta: float) -> Float64:
        """Sums of ln(1 - l + l x / (1 + delta)) over the same x, shape (bets, units, rows)."""
        ratios = self._ratios(mean, cap)
        stakes = [(1 - bet, bet / (1 + delta)) for bet in LAMBDAS.tolist()]
        return np.array([self.total(np.log(kept + bet * ratios)) for kept, bet in stakes])

    def _ratios(self, mean: Float64, cap: float) -> Float64:
        return self._quotients(mean, cap)

    def _quotients(self, of_row: Floats, most: float) -> Float64:
        quotients = of_row.ravel().astype(np.float64)[self.at]
        np.divide(self.value, quotients, out=quotients)
        return np.minimum(quotients, most, out=quotients)
