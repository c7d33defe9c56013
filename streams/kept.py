"""Blocks that wait for their windows to be complete -> the same in a quarter of the memory, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.facts import SUMS, Bool, Int64
from detectors.scope import Rollup
from streams.block import Marker, RollupRows, Sealed

Narrow = NDArray[np.integer[Any]]
_KINDS = (np.uint8, np.uint16, np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class KeptRows:
    """RollupRows in the smallest types that hold them; `columns` are those of the sums that are not all zero, by place."""

    rollup: Rollup
    scopes: list[tuple[str, ...]]
    scope: Narrow
    window: Narrow
    late: Bool
    columns: Mapping[int, Narrow]
    histograms: Mapping[str, tuple[Narrow, Narrow, Narrow]]

    @classmethod
    def of(cls, rows: RollupRows) -> Self:
        """The same rows, narrow."""
        low, high = (rows.sums.min(axis=0), rows.sums.max(axis=0)) if len(rows.sums) else (np.zeros(0, np.int64),) * 2
        return cls(
            rows.rollup,
            rows.scopes,
            _narrow(rows.scope),
            _narrow(rows.window),
            rows.late,
            {at: _narrow(rows.sums[:, at]) for at in np.flatnonzero((low != 0) | (high != 0)).tolist()},
            {name: (_narrow(row), _narrow(bucket), _narrow(count)) for name, (row, bucket, count) in rows.histograms.items()},
        )

    @property
    def sums(self) -> Int64:
        """The sums as RollupRows has them; made anew each time that they are asked for."""
        return self.sums_of(0, len(self.scope))

    def sums_of(self, low: int, high: int) -> Int64:
        """The same of the rows [low, high)."""
        sums = np.zeros((high - low, len(SUMS)), np.int64)
        for at, column in self.columns.items():
            sums[:, at] = column[low:high]
        return sums

    def wide(self) -> RollupRows:
        """The rows that these were made of."""
        histograms = {
            name: (row.astype(np.int64), bucket.astype(np.int64), count.astype(np.int64))
            for name, (row, bucket, count) in self.histograms.items()
        }
        return RollupRows(
            self.rollup, self.scopes, self.scope.astype(np.int64), self.window.astype(np.int64), self.late, self.sums, histograms
        )


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


def _narrow(column: Int64) -> Narrow:
    """A copy in the smallest type that holds its numbers."""
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    kind = next((kind for kind in _KINDS if low >= 0 and high <= np.iinfo(kind).max), np.int64)
    return column.astype(kind)
