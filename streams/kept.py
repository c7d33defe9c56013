"""Blocks that wait for their windows to be complete -> the same in a quarter of the memory, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.buckets import COUNT
from detectors.facts import SUMS, Bool, Int64
from detectors.scope import Rollup
from streams.block import Marker, RollupRows, Sealed
from streams.packed import Triple, WireHistograms

Narrow = NDArray[np.integer[Any]]
_KINDS = ((np.uint8, 1 << 8), (np.uint16, 1 << 16), (np.uint32, 1 << 32))


@dataclass(frozen=True, slots=True, eq=False)
class KeptRows:
    """RollupRows in the smallest types that hold them.

    Attributes:
        runs: late or not, window, and where the run ends, of each run of rows that are alike in the first two, shape (runs, 3).
        columns: those of the sums that are not all zero, by place.
    """

    rollup: Rollup
    scopes: list[tuple[str, ...]]
    scope: Narrow
    runs: Int64
    columns: Mapping[int, Narrow]
    histograms: Mapping[str, tuple[Narrow, Narrow, Narrow]]

    @classmethod
    def of(cls, rows: RollupRows) -> Self:
        """The same rows, narrow."""
        most, place = _largest(rows.sums).tolist(), _kind(len(rows.scope))
        return cls(
            rows.rollup,
            list(rows.scopes),
            rows.scope.astype(place),
            _runs(rows.late, rows.window),
            {at: rows.sums[:, at].astype(_kind(high)) for at, high in enumerate(most) if high},
            _kept(rows.histograms, place),
        )

    @property
    def window(self) -> Int64:
        """The windows as RollupRows has them; made anew each time that they are asked for."""
        return np.repeat(self.runs[:, 1], self._lengths)

    @property
    def late(self) -> Bool:
        """The same of whether rows are late."""
        return np.repeat(self.runs[:, 0] == 1, self._lengths)

    @property
    def _lengths(self) -> Int64:
        return np.diff(self.runs[:, 2], prepend=0)

    def on_time(self, window: int) -> tuple[int, int]:
        """Where the rows of a window that are not late begin and end."""
        ends = [0, *self.runs[:, 2].tolist()]
        alike = [i for i, (late, of, _) in enumerate(self.runs.tolist()) if not late and of == window]
        return (ends[alike[0]], ends[alike[0] + 1]) if alike else (0, 0)

    @property
    def sums(self) -> Int64:
        """The sums as RollupRows has them; made anew each time that they are asked for."""
        sums = np.zeros((len(self.scope), len(SUMS)), np.int64)
        for at, column in self.columns.items():
            sums[:, at] = column
        return sums

    def wide(self) -> RollupRows:
        """The rows that these were made of."""
        histograms = {
            name: (row.astype(np.int64), bucket.astype(np.int64), count.astype(np.int64))
            for name, (row, bucket, count) in self.histograms.items()
        }
        return RollupRows(self.rollup, self.scopes, self.scope.astype(np.int64), self.window, self.late, self.sums, histograms)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A block and its marker."""

    marker: Marker
    rollups: dict[Rollup, KeptRows]

    @classmethod
    def of(cls, sealed: Sealed) -> Self:
        """The same block, narrow."""
        return cls(sealed.marker, {rollup: KeptRows.of(rows) for rollup, rows in sealed.rollups.items()})

    def wide(self) -> Sealed:
        """The block that this was made of."""
        return Sealed(self.marker, {rollup: rows.wide() for rollup, rows in self.rollups.items()})


def _kept(histograms: Mapping[str, Triple], place: type[np.integer[Any]]) -> Mapping[str, tuple[Narrow, Narrow, Narrow]]:
    """Histograms in small types; as they came, when they came so."""
    if isinstance(histograms, WireHistograms):
        return histograms
    return {
        name: (
            row.astype(place),
            bucket.astype(_kind(COUNT)),
            count.astype(_kind(_largest(count.astype(np.int64, copy=False)).item())),
        )
        for name, (row, bucket, count) in histograms.items()
    }


def _runs(late: Bool, window: Int64) -> Int64:
    last = np.flatnonzero((late[1:] != late[:-1]) | (window[1:] != window[:-1]))
    last = np.append(last, len(late) - 1) if len(late) else last
    return np.stack([late[last], window[last], last + 1], axis=1)


def _largest(numbers: Int64) -> NDArray[np.uint64]:
    """The largest of each column; of one with a number below zero, which there should be none of, more than any type holds."""
    return np.asarray(numbers.view(np.uint64).max(axis=0, initial=0))


def _kind(largest: int) -> type[np.integer[Any]]:
    """The smallest type that holds numbers from 0 to the largest."""
    return next((kind for kind, top in _KINDS if largest < top), np.int64)
