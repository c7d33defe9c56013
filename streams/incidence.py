"""Which cells make up which rows -> sums and histograms of the rows."""

from dataclasses import dataclass

import numpy as np

from detectors.columns import UInt32
from detectors.facts import Bool, Int64
from streams.cells import CODE_BITS, LARGEST, Facts, ordered, run_starts
from streams.sparse import Sparse

CODES = 1 << CODE_BITS
FEW = 20_000
"""Below this many products, sorting them is faster than setting up sparse matrices."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Histogram counts in no order, each pair of row and code once."""

    row: Int64
    code: Int64
    count: Int64


@dataclass(frozen=True, slots=True)
class Incidence:
    """A matrix of zeros and ones, (rows, cells).

    Attributes:
        cells: how many there are.
        starts: where each row begins in `cell`; no row is empty.
        cell: the cells of all rows, row after row.
    """

    cells: int
    starts: Int64
    cell: Int64

    @property
    def _matrix(self) -> Sparse:
        pointers = np.append(self.starts, len(self.cell))
        return Sparse(pointers, self.cell, np.ones(len(self.cell), np.int64), columns=self.cells)

    def sums(self, cell_sums: Int64, money: list[int]) -> Int64:
        """Sums of the rows, shape (rows, columns), of those of the cells; the columns of `money` stop at LARGEST."""
        few = cell_sums.shape[1] * len(self.cell) < FEW
        sums: Int64 = np.add.reduceat(cell_sums[self.cell], self.starts, axis=0) if few else self._matrix.times(cell_sums)
        rough = cell_sums[:, money].astype(np.float64)
        if rough.sum() > LARGEST / 2:
            of_rows = np.add.reduceat(rough[self.cell], self.starts, axis=0)
            sums[:, money] = np.where(of_rows >= LARGEST, LARGEST, sums[:, money])
        return sums

    def of_rows(self, rows: Bool) -> "Incidence":
        """The matrix of those rows alone that a mask names."""
        sizes = np.diff(np.append(self.starts, len(self.cell)))
        return Incidence(self.cells, np.cumsum(sizes[rows]) - sizes[rows], self.cell[np.repeat(rows, sizes)])

    def counts(self, facts: Facts) -> Counts:
        """Histogram counts of the rows, of those of the cells."""
        pointers = np.append(np.searchsorted(facts.code >> CODE_BITS, facts.cell), len(facts.code))
        code = facts.code & (CODES - 1)
        sizes = np.diff(pointers)[self.cell]
        if int(sizes.sum()) < FEW:
            return self._few_counts(code, facts.count, pointers[self.cell], sizes)
        by_row = self._matrix @ Sparse(pointers, code, facts.count.astype(np.int64), columns=CODES)
        row = np.repeat(np.arange(len(self.starts)), np.diff(by_row.pointers))
        return Counts(row, by_row.column.astype(np.int64), by_row.value)

    def _few_counts(self, code: Int64, count: UInt32, first: Int64, sizes: Int64) -> Counts:
        """The same by writing down every product; `sizes` and where they begin are those of the entries of `cell`."""
        row = np.repeat(np.arange(len(self.starts)), np.diff(np.append(self.starts, len(self.cell))))
        entry = np.arange(int(sizes.sum())) + np.repeat(first - np.cumsum(sizes) + sizes, sizes)
        key, value = ordered(np.repeat(row, sizes) * CODES + code[entry], count[entry])
        starts = run_starts(key)
        total = np.add.reduceat(value, starts) if len(starts) else starts
        return Counts(key[starts] // CODES, key[starts] % CODES, total)
