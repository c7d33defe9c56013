"""Columns of accepted records -> integer facts of one open chunk by cell: late, window, leaf, whether price and usage are known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.columns import UInt32
from detectors.facts import Int64
from streams.leaves import Leaves
from streams.packed import Whole

MEASURES = ("records", "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens", "nanos")

FATE_BITS = 5
STATE_BITS = 2
CODE_BITS = 11
"""A histogram code is the number of the histogram times 512 plus the bucket."""

BUCKET_BITS = 9
CODES_A_HISTOGRAM = 1 << BUCKET_BITS
_BELOW_GROUP = FATE_BITS + STATE_BITS
Codes = NDArray[np.int16]

LARGEST = 1 << 62
"""Where sums of money stop, so that they never wrap round into debts: 4.6 billion dollars."""

_FOLD_AT = 32_768


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of cells, sorted.

    Attributes:
        group_bits: how many bits of a cell's key are its group.
        cell: key of each cell, ascending: from the highest bits down its leaf, its group (late and window as one number), its fate,
            and its state (1 if the price is unknown, plus 2 if the usage is).
        sums: int64 of shape (cells, len(MEASURES)).
        code: cell key times 2^CODE_BITS plus histogram code, ascending.
        count: how many records have that code.
    """

    group_bits: int
    cell: Int64
    sums: Int64
    code: Int64
    count: UInt32

    @property
    def leaf(self) -> Int64:
        """The leaf of each cell."""
        return self.cell >> (self.group_bits + _BELOW_GROUP)

    @property
    def group(self) -> Int64:
        """The group of each cell."""
        return (self.cell >> _BELOW_GROUP) & ((1 << self.group_bits) - 1)

    @property
    def fate(self) -> Int64:
        """The fate of each cell, a number of `leaves.Fates`."""
        return (self.cell >> STATE_BITS) & ((1 << FATE_BITS) - 1)

    def with_leaves(self, leaf: Int64) -> "Facts":
        """The facts with other numbers for their leaves; `leaf` is one a cell."""
        above = self.group_bits + _BELOW_GROUP
        owner = np.searchsorted(self.cell, self.code >> CODE_BITS)
        cell = (self.cell & ((1 << above) - 1)) | (leaf << above)
        code = (cell[owner] << CODE_BITS) | (self.code & ((1 << CODE_BITS) - 1))
        by_cell, by_code = np.argsort(cell), np.argsort(code)
        return Facts(self.group_bits, cell[by_cell], self.sums[by_cell], code[by_code], self.count[by_code])


class Cells:
    """The open chunk. Records are kept as they come and folded into cells from time to time; folding changes no sum."""

    def __init__(self, *, groups: int) -> None:
        """Start empty; groups of cells are below `groups`."""
        self._group_bits = (groups - 1).bit_length()
        self._facts = self._aside = _no_facts(self._group_bits)
        self._waiting: list[tuple[Int64, Int64, Codes]] = []
        self._count = 0

    def keys(self, leaf: Int64, group: Int64, fate: Int64, state: Int64) -> Int64:
        """The keys of cells."""
        return (((((leaf << self._group_bits) | group) << FATE_BITS) | fate) << STATE_BITS) | state

    def add(self, cell: Int64, measures: Int64, codes: Codes) -> None:
        """Take records.

        Args:
            cell: keys, shape (n,).
            measures: shape (n, len(MEASURES)).
            codes: histogram codes, shape (n, histograms), -1 where a record has none.
        """
        self._waiting.append((cell, measures, codes))
        self._count += len(cell)
        if self._count >= max(_FOLD_AT, len(self._facts.code) // 4):
            self.recent()

    def facts(self) -> Facts:
        """All facts so far; none are set aside any more."""
        self._facts, self._aside = _added(self._aside, self.recent()), _no_facts(self._group_bits)
        return self._facts

    def recent(self) -> Facts:
        """The facts that are not set aside."""
        if self._waiting:
            cell = np.concatenate([each[0] for each in self._waiting])
            measures = np.concatenate([each[1] for each in self._waiting])
            codes = np.concatenate([each[2] for each in self._waiting])
            code = ((cell << CODE_BITS)[:, None] | codes)[codes >= 0]
            self._facts = _added(self._facts, _folded(self._group_bits, cell, measures, code))
            self._waiting, self._count = [], 0
        return self._facts

    def set_aside(self) -> Facts:
        """All facts so far, which are then apart from those to come."""
        self._aside, self._facts = self.facts(), _no_facts(self._group_bits)
        return self._aside

    def clear(self) -> None:
        """The chunk has ended."""
        self._facts = self._aside = _no_facts(self._group_bits)
        self._waiting, self._count = [], 0

    def unlink(self, leaves: Leaves) -> tuple[list[bytes], Facts]:
        """The leaves in use, and the facts with leaves numbered by their place among those."""
        facts = self.facts()
        used, place = np.unique(facts.leaf, return_inverse=True)
        return leaves.keys(used.tolist()), facts.with_leaves(place)

    def link(self, facts: Facts, numbers: Int64) -> None:
        """Take over facts whose leaves are numbered by place; `numbers[i]` is what the leaf at place i is called now."""
        self.clear()
        if len(facts.cell):
            self._facts = facts.with_leaves(numbers[facts.leaf])


def _no_facts(group_bits: int) -> Facts:
    none = np.zeros(0, np.int64)
    return Facts(group_bits, none, np.zeros((0, len(MEASURES)), np.int64), none, none.astype(np.uint32))


def _folded(group_bits: int, cell: Int64, measures: Int64, code: Int64) -> Facts:
    """The facts of records, given one by one."""
    order = np.argsort(cell)
    cell = cell[order]
    starts = run_starts(cell)
    return Facts(group_bits, cell[starts], _summed(measures[order], starts), *_counted(np.sort(code)))


def _added(facts: Facts, more: Facts) -> Facts:
    """The facts of both."""
    if not len(facts.cell) or not len(more.cell):
        return facts if len(facts.cell) else more
    cell, sums = np.concatenate([facts.cell, more.cell]), np.concatenate([facts.sums, more.sums])
    order = np.argsort(cell)
    cell = cell[order]
    starts = run_starts(cell)
    code, count = ordered(np.concatenate([facts.code, more.code]), np.concatenate([facts.count, more.count]))
    firsts = run_starts(code)
    count = np.add.reduceat(count, firsts) if len(code) else count
    return Facts(facts.group_bits, cell[starts], _summed(sums[order], starts), code[firsts], count.astype(np.uint32))


def _summed(measures: Int64, starts: Int64) -> Int64:
    """Sums of runs of rows; money, the last column, stops at LARGEST."""
    sums: Int64 = np.add.reduceat(measures, starts, axis=0)
    if float(measures[:, -1].astype(np.float64).sum()) > LARGEST / 2:
        rough = np.add.reduceat(measures[:, -1].astype(np.float64), starts)
        sums[:, -1] = np.where(rough >= LARGEST, LARGEST, sums[:, -1])
    return sums


def ordered(keys: Int64, values: Int64 | UInt32) -> tuple[Int64, Int64]:
    """Keys in ascending order with the value of each, all non-negative; equal keys in any order.

    Where a key and a value fit into one word, words are sorted, which is several times faster than sorting places, and nearly
    twice as fast again where the words are short.
    """
    bits = int(values.max(initial=0)).bit_length()
    most = int(keys.max(initial=0)).bit_length() + bits
    if most > 63:
        order = np.argsort(keys)
        return keys[order], values[order].astype(np.int64)
    words = keys << bits
    words |= values
    if most <= 32:
        words = np.sort(words.astype(np.uint32)).astype(np.int64)
    else:
        words.sort()
    values = words & ((1 << bits) - 1)
    words >>= bits
    return words, values


def run_starts(ascending: Whole) -> Int64:
    """Where each run of equal values begins."""
    if not len(ascending):
        return np.zeros(0, np.int64)
    new = np.empty(len(ascending), np.bool_)
    new[0] = True
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    return np.flatnonzero(new)


def _counted(ascending: Int64) -> tuple[Int64, UInt32]:
    starts = run_starts(ascending)
    return ascending[starts], np.diff(np.append(starts, len(ascending))).astype(np.uint32)
