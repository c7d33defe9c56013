"""The rows of a block -> those of one window, those that came late, and what one block has more than another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from detectors.columns import Int32
from detectors.facts import HISTOGRAMS, SUMS, Histogram, Int64, LateFacts
from detectors.scope import Rollup
from streams.block import Sealed
from streams.cells import BUCKET_BITS, CODES_A_HISTOGRAM, run_starts
from streams.kept import Kept, KeptRows
from streams.packed import Triple, Whole
from streams.placed import Placed


@dataclass(frozen=True, slots=True)
class WindowRows:
    """The on-time rows [low, high) of a roll-up of a block: those of one window."""

    rows: KeptRows
    low: int
    high: int

    @classmethod
    def of(cls, rows: KeptRows, window: int) -> Self:
        """The rows of a window."""
        return cls(rows, *rows.on_time(window))

    def slots(self, placed: Placed) -> Int32:
        """The slot of each row's scope, -1 for strangers."""
        return placed.slots()[self.rows.scope[self.low : self.high]]

    def scopes(self, rows: Int64) -> list[tuple[str, ...]]:
        """The values of the scopes of some rows, counted from `low`."""
        return [self.rows.scopes[i] for i in self.rows.scope[self.low : self.high][rows].tolist()]

    def add_to(self, sums: Int64, slots: Int32, *, shared: bool) -> None:
        """Add the sums of each row to those of its slot, shape (slots, len(SUMS)); `shared`: rows may share slots."""
        flat, first = sums.reshape(-1), slots * np.int64(len(SUMS))
        for at, column in self.rows.columns.items():
            if shared:
                np.add.at(flat, first + at, column[self.low : self.high])
            else:
                flat[first + at] += column[self.low : self.high]

    def cells(self, name: str) -> Triple:
        """Row (0 is `low`), bucket and count of a histogram's cells."""
        row, bucket, count = self.rows.histograms[name]
        most = np.iinfo(row.dtype).max
        first, last = (int(row.searchsorted(row.dtype.type(at))) if at <= most else len(row) for at in (self.low, self.high))
        return row[first:last] - row.dtype.type(min(self.low, most)), bucket[first:last], count[first:last]


class Histograms(Mapping[str, Histogram]):
    """The histograms of a roll-up in one window, each merged when it is first asked for: most windows need few of them."""

    def __init__(self, parts: Sequence[tuple[WindowRows, Int32]]) -> None:
        self._parts = parts
        self._merged: dict[str, Histogram] = {}

    def __getitem__(self, name: str) -> Histogram:
        if name not in HISTOGRAMS:
            raise KeyError(name)
        if name not in self._merged:
            self._merged[name] = _merge([(each.cells(name), slots.astype(np.int64)) for each, slots in self._parts])
        return self._merged[name]

    def __iter__(self) -> Iterator[str]:
        return iter(HISTOGRAMS)

    def __len__(self) -> int:
        return len(HISTOGRAMS)


def on_time_windows(sealed: Sealed | Kept) -> list[int]:
    """The windows that a block has on-time facts for, ascending."""
    rows = sealed.rollups[()]
    return sorted(set(rows.window[~rows.late].tolist()))


def _merge(parts: Sequence[tuple[Triple, Int64]]) -> Histogram:
    """One histogram over slots of the cells of several blocks, each with the slots of its rows.

    A cell is one word, its slot above its bucket above its count: short words are sorted fast.
    """
    parts = [(cells, slots) for cells, slots in parts if len(cells[0])]
    if not parts:
        empty = np.zeros(0, np.int64)
        return Histogram(empty, empty, empty)
    count_bits = max(int(count.max()) for (_, _, count), _ in parts).bit_length()
    code_bits = max(int(slots.max()) for _, slots in parts).bit_length() + BUCKET_BITS
    if count_bits + code_bits > 63:
        return _merge_wide(parts)
    kind = np.uint32 if count_bits + code_bits <= 32 else np.int64
    words: Whole = np.empty(sum(len(row) for (row, _, _), _ in parts), kind)
    end = 0
    for (row, bucket, count), slots in parts:
        its = words[end : (end := end + len(row))]
        np.take((slots << (BUCKET_BITS + count_bits)).astype(kind), row, out=its, mode="clip")  # "raise" would copy
        np.bitwise_or(its, np.left_shift(bucket, count_bits, dtype=kind), out=its)
        np.bitwise_or(its, count.astype(kind), out=its)
    words.sort()
    codes = words >> count_bits
    first = run_starts(codes)
    codes = codes[first].astype(np.int64)
    return Histogram(codes >> BUCKET_BITS, codes & (CODES_A_HISTOGRAM - 1), _run_sums(words & ((1 << count_bits) - 1), first))


def _run_sums(counts: Whole, first: Int64) -> Int64:
    """The sum of each run, from the running total: twice as fast as `np.add.reduceat`."""
    total = np.cumsum(counts, dtype=np.int64)
    sums: Int64 = total[np.append(first[1:], len(counts)) - 1]
    sums[1:] -= sums[:-1].copy()
    return sums


def _merge_wide(parts: Sequence[tuple[Triple, Int64]]) -> Histogram:
    """The same where cell and count do not fit into one word."""
    codes = np.concatenate([slots[row] << BUCKET_BITS | bucket for (row, bucket, _), slots in parts])
    counts = np.concatenate([count.astype(np.int64) for (_, _, count), _ in parts])
    order = np.argsort(codes)
    codes, counts = codes[order], counts[order]
    first = run_starts(codes)
    return Histogram(codes[first] >> BUCKET_BITS, codes[first] & (CODES_A_HISTOGRAM - 1), _run_sums(counts, first))


def late_rows(sealed: Kept, window_ms: int) -> Iterator[LateFacts]:
    """The late facts of a block."""
    for rollup, rows in sealed.rollups.items():
        late, window = np.flatnonzero(rows.late), rows.window
        for i, sums in zip(late.tolist(), rows.sums[late] if len(late) else (), strict=True):
            values = rows.scopes[rows.scope[i]]
            yield LateFacts(int(window[i]) * window_ms, tuple(zip(rollup, values, strict=True)), tuple(sums.tolist()))


def difference(known: Kept | None, sealed: Sealed, *, judged: int, late_booked: bool, window_ms: int) -> list[LateFacts]:
    """What `sealed` adds to `known` in windows that were judged, and in late facts that were booked."""
    total: dict[tuple[int, Rollup, tuple[str, ...]], Int64] = {}
    for block, sign in ((sealed, 1), (known, -1)):
        for rollup, rows in block.rollups.items() if block is not None else ():
            window, late = rows.window, rows.late
            which = np.flatnonzero((~late & (window <= judged)) | (late & late_booked))
            for i, sums in zip(which.tolist(), rows.sums[which] if len(which) else (), strict=True):
                key = (int(window[i]), rollup, rows.scopes[rows.scope[i]])
                total[key] = total.get(key, np.zeros(len(SUMS), np.int64)) + sign * sums
    return [
        LateFacts(window * window_ms, tuple(zip(rollup, values, strict=True)), tuple(sums.tolist()))
        for (window, rollup, values), sums in total.items()
        if sums.any()
    ]
