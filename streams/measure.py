"""Columns of new usages -> what each record adds to the cells of its chunk."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.buckets import bucket_of
from detectors.facts import Int64
from streams.cells import CODES_A_HISTOGRAM, Cells, Codes
from streams.columns import Columns
from streams.leaves import Fates, Leaves
from streams.tally import Tally
from streams.window import Timing

_LONGEST_US = float(1 << 49)
_UNKNOWN_PRICE = 1
_UNKNOWN_USAGE = 2


@dataclass(frozen=True, slots=True)
class Measured:
    """New records of a batch, ready to be booked.

    Attributes:
        window: number of the window of each, shape (n,); late: whether it had ended; leaf, fate, state: see `cells.Facts`.
        measures: shape (n, len(cells.MEASURES)).
        codes: histogram codes, shape (n, 4), -1 where a record lacks the figure.
    """

    window: Int64
    late: NDArray[np.bool_]
    leaf: Int64
    fate: Int64
    state: Int64
    measures: Int64
    codes: Codes

    def book(self, cells: Cells, low: int, high: int, *, chunk: int, timing: Timing) -> None:
        """Add records [low, high), which belong to one chunk, to its cells."""
        if low == high:
            return
        group = self.window[low:high] - timing.first_window(chunk) + self.late[low:high] * timing.open_windows
        cell = cells.keys(self.leaf[low:high], group, self.fate[low:high], self.state[low:high])
        cells.add(cell, self.measures[low:high], self.codes[low:high])


def measured(columns: Columns, late: NDArray[np.bool_], *, leaves: Leaves, fates: Fates, tally: Tally, timing: Timing) -> Measured:
    """The records' leaves, fates, costs and histogram codes; counts them in the tally."""
    leaf, fate = told_apart(columns, leaves, fates)
    billed = columns.billed_nanos >= 0
    priced = leaves.charges.nanos(leaves.tariff[leaf], columns.ts_ms, columns.tokens)
    nanos = np.where(billed, columns.billed_nanos, priced)
    known = billed | (leaves.priced[leaf] == 1)
    unknown_usage = columns.unknown_input | columns.unknown_output
    tally.usage_records += len(columns)
    tally.operations += int((fate % 2 == 0).sum())
    tally.late_records += int(late.sum())
    tally.count(leaves.model[leaf], columns.tokens[:2], np.where(known, nanos, 0), np.where(known, 0, nanos))
    return Measured(
        window=columns.ts_ms // timing.window_ms,
        late=late,
        leaf=leaf,
        fate=fate,
        state=~known * _UNKNOWN_PRICE + unknown_usage * _UNKNOWN_USAGE,
        measures=np.column_stack([np.ones(len(leaf), np.int64), *columns.tokens, nanos]),
        codes=_codes(columns, nanos, uncosted=unknown_usage & ~billed),
    )


def told_apart(columns: Columns, leaves: Leaves, fates: Fates) -> tuple[Int64, Int64]:
    """The leaf and the fate of each record."""
    leaf, fate = columns.leaf, columns.fate
    asked = np.flatnonzero(leaf < 0)
    if not len(asked):
        return leaf, fate
    usages = [columns.parsed[position] for position in columns.position[asked].tolist()]
    numbers = leaves.numbers(usages), fates.numbers(usages)
    if len(asked) == len(leaf):
        return numbers
    leaf, fate = leaf.copy(), fate.copy()
    leaf[asked], fate[asked] = numbers
    return leaf, fate


def _codes(columns: Columns, nanos: Int64, *, uncosted: NDArray[np.bool_]) -> Codes:
    untimed = np.isnan(columns.latency_ms)
    latency_us = np.rint(np.minimum(np.where(untimed, 0.0, columns.latency_ms) * 1000, _LONGEST_US)).astype(np.int64)
    figures = np.stack([latency_us, columns.tokens[0], columns.tokens[1], nanos], axis=1)
    absent = np.stack([untimed, columns.unknown_input, columns.unknown_output, uncosted], axis=1)
    codes = bucket_of(figures) + np.arange(4) * CODES_A_HISTOGRAM
    return np.where(absent, -1, codes).astype(np.int16)
