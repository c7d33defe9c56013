"""Histograms of a window -> capped marks of each row, and their logarithms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from detectors.buckets import MIDDLE
from detectors.columns import Floats, Int32
from detectors.ecusum import RHOS
from detectors.facts import Bool, Float64, Histogram, Int64
from detectors.size_channel import LAMBDAS


@dataclass(frozen=True, slots=True)
class UnitCells:
    """The non-empty buckets of a window for one unit of all rows.

    Attributes:
        row: of each cell.
        value: what stands for the values of its bucket.
        count: requests in it; 0 for those of nothing, which say nothing of a size and add nothing to a load.
        rows: how many rows there are.
    """

    row: Int64
    value: Float64
    count: Float64
    rows: int

    @classmethod
    def of(cls, histograms: Sequence[tuple[Int32, Histogram]], rows: int) -> Self:
        """The cells of some histograms, each given with the row of each of its slots."""
        whole = sum(len(each.row) for _, each in histograms)
        row, value, count, end = np.empty(whole, np.int64), np.empty(whole), np.empty(whole), 0
        for of, each in histograms:
            its = slice(end, end := end + len(each.row))
            np.take(of.astype(np.int64), each.row, out=row[its], mode="clip")  # no other mode writes without a copy
            np.take(MIDDLE, each.bucket, out=value[its], mode="clip")
            count[its] = each.count
            count[its][each.bucket == 0] = 0
        return cls(row, value, count, rows)

    def of_rows(self, rows: Bool) -> Self:
        """The cells of the rows that a mask of shape (rows,) names."""
        some = rows[self.row]
        return type(self)(self.row[some], self.value[some], self.count[some], self.rows)

    def total(self, each: Float64) -> Float64:
        """Sum over requests of a value of each cell, shape (rows,)."""
        return self.by_row(each * self.count)

    def by_row(self, each: Float64) -> Float64:
        """Sum of a value of each cell, shape (rows,)."""
        return np.bincount(self.row, each, self.rows).astype(np.float64, copy=False)

    def weighed(self, each: Float64) -> Float64:
        """What `total` gives, of a value that nobody else needs: not another array is made of so many cells."""
        return self.by_row(np.multiply(each, self.count, out=each))

    def quotients(self, of_row: Floats, most: float) -> Float64:
        """The value of each cell over a figure of its row, at most `most`."""
        quotients = of_row.astype(np.float64)[self.row]
        np.divide(self.value, quotients, out=quotients)
        return np.minimum(quotients, most, out=quotients)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of each unit: one unit after the other, since the cells of all of them find no room near the processor."""

    units: Sequence[UnitCells]

    @classmethod
    def of(cls, units: Sequence[Sequence[tuple[Int32, Histogram]]], rows: int) -> Self:
        """The cells of the histograms of each unit, given with the row of each of their slots."""
        return cls([UnitCells.of(histograms, rows) for histograms in units])

    def requests(self) -> Float64:
        """Requests, shape (units, rows)."""
        return self._each(lambda its, _: its.by_row(its.count))

    def values(self) -> Float64:
        """Sum over requests of the value of each, shape (units, rows)."""
        return self._each(lambda its, _: its.total(its.value))

    def of_rows(self, rows: Bool) -> Self:
        """The cells of the rows that a mask of shape (units, rows) names."""
        return type(self)([its.of_rows(mask) for its, mask in zip(self.units, rows, strict=True)])

    def load(self, cap: Float64) -> Float64:
        """Sum of marks s = min(value, cap) / cap, shape (units, rows)."""
        return self._each(lambda its, unit: its.weighed(its.quotients(cap[unit], 1.0)))

    def load_bets(self, cap: Float64) -> Float64:
        """Sums of ln(1 + (rho - 1) s) over the same marks, shape (bets, units, rows)."""

        def bets(its: UnitCells, unit: int) -> Float64:
            marks = its.quotients(cap[unit], 1.0)
            return np.array([its.total(np.log(1 + (rho - 1) * marks)) for rho in RHOS.tolist()])

        return self._each(bets).swapaxes(0, 1)

    def size(self, mean: Float64, cap: float) -> Float64:
        """Sum of x = min(value / mean, cap), shape (units, rows)."""
        return self._each(lambda its, unit: its.weighed(its.quotients(mean[unit], cap)))

    def size_bets(self, mean: Float64, cap: float, delta: float) -> Float64:
        """Sums of ln(1 - l + l x / (1 + delta)) over the same x, shape (bets, units, rows)."""
        stakes = [(1 - bet, bet / (1 + delta)) for bet in LAMBDAS.tolist()]

        def bets(its: UnitCells, unit: int) -> Float64:
            ratios = its.quotients(mean[unit], cap)
            return np.array([its.total(np.log(kept + bet * ratios)) for kept, bet in stakes])

        return self._each(bets).swapaxes(0, 1)

    def _each(self, of_unit: Callable[[UnitCells, int], Float64]) -> Float64:
        return np.array([of_unit(its, number) for number, its in enumerate(self.units)])
