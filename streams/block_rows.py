"""The rows of a block -> those of one window, those that came late, and what one block has more than another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detectors.buckets import COUNT
from detectors.facts import SUMS, Histogram, Int64, LateFacts
from detectors.scope import Rollup
from streams.block import RollupRows, Sealed


@dataclass(frozen=True, slots=True)
class WindowRows:
    """The rows of one block and roll-up that belong to one window."""

    values: Sequence[tuple[str, ...]]
    sums: Int64
    histograms: Mapping[str, tuple[Int64, Int64, Int64]]


def on_time_windows(sealed: Sealed) -> list[int]:
    """The windows that a block has on-time facts for, ascending."""
    rows = sealed.rollups[()]
    return [int(window) for window in np.unique(rows.window[~rows.late])]


def rows_of(rows: RollupRows, window: int) -> WindowRows:
    """The on-time rows of one window."""
    on_time = int(np.searchsorted(rows.late, True))  # noqa: FBT003 - the value that is searched
    low, high = (int(i) for i in np.searchsorted(rows.window[:on_time], [window, window + 1]))
    histograms = {}
    for name, (row, bucket, count) in rows.histograms.items():
        first, last = np.searchsorted(row, [low, high])
        histograms[name] = (row[first:last] - low, bucket[first:last], count[first:last])
    return WindowRows([rows.scopes[i] for i in rows.scope[low:high]], rows.sums[low:high], histograms)


def merge_histograms(parts: Sequence[tuple[Int64, Int64, Int64]], slots: Sequence[Int64]) -> Histogram:
    """One histogram over slots of the histograms of several blocks; `slots[i]` are those of the rows of `parts[i]`."""
    if not parts:
        empty = np.zeros(0, np.int64)
        return Histogram(empty, empty, empty)
    codes = np.concatenate([slot[row] * COUNT + bucket for (row, bucket, _), slot in zip(parts, slots, strict=True)])
    counts = np.concatenate([count for _, _, count in parts])
    code, inverse = np.unique(codes, return_inverse=True)
    total = np.zeros(len(code), np.int64)
    np.add.at(total, inverse, counts)
    return Histogram(code // COUNT, code % COUNT, total)


def late_rows(sealed: Sealed, window_ms: int) -> Iterator[LateFacts]:
    """The late facts of a block."""
    for rollup, rows in sealed.rollups.items():
        for i in np.flatnonzero(rows.late):
            values = rows.scopes[rows.scope[i]]
            yield LateFacts(int(rows.window[i]) * window_ms, tuple(zip(rollup, values, strict=True)), tuple(rows.sums[i].tolist()))


def difference(known: Sealed | None, sealed: Sealed, *, judged: int, late_booked: bool, window_ms: int) -> list[LateFacts]:
    """What `sealed` adds to `known` in windows that were judged, and in late facts that were booked."""
    total: dict[tuple[int, Rollup, tuple[str, ...]], Int64] = {}
    for block, sign in ((sealed, 1), (known, -1)):
        for rollup, rows in block.rollups.items() if block is not None else ():
            for i in np.flatnonzero((~rows.late & (rows.window <= judged)) | (rows.late & late_booked)):
                key = (int(rows.window[i]), rollup, rows.scopes[rows.scope[i]])
                total[key] = total.get(key, np.zeros(len(SUMS), np.int64)) + sign * rows.sums[i]
    return [
        LateFacts(window * window_ms, tuple(zip(rollup, values, strict=True)), tuple(sums.tolist()))
        for (window, rollup, values), sums in total.items()
        if sums.any()
    ]
