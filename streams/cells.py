"""Columns of accepted records -> integer facts of one open chunk by cell: late, window, leaf, whether price and usage are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.facts import Int64
from streams.leaves import LeafKey, Leaves

MEASURES = ("records", "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens", "nanos")

LEAF_BITS = 26
STATE_BITS = 2
CODE_BITS = 11
"""A histogram code is the number of the histogram times 512 plus the bucket."""

CODES_A_HISTOGRAM = 512
_LEAF_MASK = (1 << LEAF_BITS) - 1

LARGEST = 1 << 62
"""Where sums of money stop, so that they never wrap round into debts: 4.6 billion dollars."""

_FOLD_AT = 32_768


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of cells, sorted.

    Attributes:
        cell: key of each cell, see `cell_keys`, ascending.
        sums: int64 of shape (cells, len(MEASURES)).
        code: cell key times 2^CODE_BITS plus histogram code, ascending.
        count: how many records have that code.
    """

    cell: Int64
    sums: Int64
    code: Int64
    count: Int64


def no_facts() -> Facts:
    """The facts of no record."""
    none = np.zeros(0, np.int64)
    return Facts(none, np.zeros((0, len(MEASURES)), np.int64), none, none)


def cell_keys(group: Int64, leaf: Int64, state: Int64) -> Int64:
    """One integer a cell.

    Args:
        group: of late and window, as one number below 2^24.
        leaf: below 2^26.
        state: 1 if the price is unknown, plus 2 if the usage is.
    """
    return (((group << LEAF_BITS) | leaf) << STATE_BITS) | state


class Cells:
    """The open chunk. Records are kept as they come and folded into cells from time to time; folding changes no sum."""

    def __init__(self) -> None:
        self._facts = no_facts()
        self._waiting: list[tuple[Int64, Int64, Int64]] = []
        self._count = 0

    def add(self, cell: Int64, measures: Int64, codes: Int64) -> None:
        """Take records.

        Args:
            cell: keys, shape (n,).
            measures: shape (n, len(MEASURES)).
            codes: histogram codes, shape (n, histograms), -1 where a record has none.
        """
        self._waiting.append((cell, measures, codes))
        self._count += len(cell)
        if self._count >= max(_FOLD_AT, len(self._facts.code)):
            self.facts()

    def facts(self) -> Facts:
        """All facts so far."""
        if self._waiting:
            cell = np.concatenate([each[0] for each in self._waiting])
            measures = np.concatenate([each[1] for each in self._waiting])
            codes = np.concatenate([each[2] for each in self._waiting])
            code = ((cell << CODE_BITS)[:, None] | codes)[codes >= 0]
            self._facts = _merged(self._facts, cell, measures, code)
            self._waiting, self._count = [], 0
        return self._facts

    def clear(self) -> None:
        """The chunk has ended."""
        self._facts, self._waiting, self._count = no_facts(), [], 0

    def unlink(self, leaves: Leaves) -> tuple[list[LeafKey], Facts]:
        """The leaves in use, and the facts with leaves numbered by their place among those."""
        facts = self.facts()
        used, place = np.unique(leaf_of(facts.cell), return_inverse=True)
        return leaves.keys(used.tolist()), _renumbered(facts, place)

    def link(self, facts: Facts, numbers: Sequence[int]) -> None:
        """Take over facts whose leaves are numbered by place; `numbers[i]` is what the leaf at place i is called now."""
        self.clear()
        if len(facts.cell):
            self._facts = _renumbered(facts, np.array(numbers, np.int64)[leaf_of(facts.cell)])


def leaf_of(cell: Int64) -> Int64:
    """The leaf of each cell."""
    return (cell >> STATE_BITS) & _LEAF_MASK


def _renumbered(facts: Facts, leaf: Int64) -> Facts:
    """The facts with other numbers for their leaves; `leaf` is one a cell."""
    owner = np.searchsorted(facts.cell, facts.code >> CODE_BITS)
    cell = (facts.cell & ~(_LEAF_MASK << STATE_BITS)) | (leaf << STATE_BITS)
    code = (cell[owner] << CODE_BITS) | (facts.code & ((1 << CODE_BITS) - 1))
    by_cell, by_code = np.argsort(cell), np.argsort(code)
    return Facts(cell[by_cell], facts.sums[by_cell], code[by_code], facts.count[by_code])


def _merged(facts: Facts, cell: Int64, measures: Int64, code: Int64) -> Facts:
    if len(facts.cell):
        cell, measures = np.concatenate([facts.cell, cell]), np.concatenate([facts.sums, measures])
    order = np.argsort(cell)
    cell = cell[order]
    starts = _starts(cell)
    sums = summed(measures[order], starts)
    code, count = _counted(np.sort(code))
    if len(facts.code):
        code, count = np.concatenate([facts.code, code]), np.concatenate([facts.count, count])
        order = np.argsort(code)
        code, count = code[order], count[order]
        firsts = _starts(code)
        code, count = code[firsts], np.add.reduceat(count, firsts)
    return Facts(cell[starts], sums, code, count)


def summed(measures: Int64, starts: Int64) -> Int64:
    """Sums of runs of rows; money, the last column, stops at LARGEST."""
    sums: Int64 = np.add.reduceat(measures, starts, axis=0)
    if float(measures[:, -1].astype(np.float64).sum()) > LARGEST / 2:
        rough = np.add.reduceat(measures[:, -1].astype(np.float64), starts)
        sums[:, -1] = np.where(rough >= LARGEST, LARGEST, sums[:, -1])
    return sums


def _starts(ascending: Int64) -> Int64:
    """Where each run of equal values begins."""
    return (
        np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]])).astype(np.int64) if len(ascending) else ascending
    )


def _counted(ascending: Int64) -> tuple[Int64, Int64]:
    starts = _starts(ascending)
    return ascending[starts], np.diff(starts, append=len(ascending))
