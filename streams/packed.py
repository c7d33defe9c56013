"""Columns of integers in a block, each in its smallest type; those of histograms are unpacked when they are asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.facts import HISTOGRAMS, Int64

Whole = NDArray[np.integer[Any]]
Triple = tuple[Whole, Whole, Whole]
"""Row, bucket and count of each cell of a histogram, of any types that hold them."""
_KINDS = (("<u1", 1 << 8), ("<u2", 1 << 16), ("<u4", 1 << 32))


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """Integers on the wire; `kind` is a numpy type, `data` empty when all are zero."""

    kind: str
    length: int
    data: bytes


def packed(column: Whole) -> Packed:
    """A column in its smallest type."""
    return _narrowest(column, _highest(column)) if len(column) else Packed("", 0, b"")


def packed_ascending(column: Whole) -> Packed:
    """The same of a column whose last number is the largest, and whose first is not negative."""
    return _narrowest(column, int(column[-1])) if len(column) else Packed("", 0, b"")


def packed_columns(table: Int64) -> list[Packed]:
    """The columns of a table with rows; their bounds are found for all at once, since most of them are zero."""
    return [_narrowest(column, high) for column, high in zip(table.T, table.view(np.uint64).max(axis=0).tolist(), strict=True)]


def _highest(column: Whole) -> int:
    """The largest number of a column; of one with a number below zero more than any type but the widest holds."""
    return int(column.astype(np.int64, copy=False).view(np.uint64).max() if column.dtype.kind == "i" else column.max())


def _narrowest(column: Whole, high: int) -> Packed:
    if not high:
        return Packed("", len(column), b"")
    kind = next((kind for kind, top in _KINDS if high < top), "<i8")
    return Packed(kind, len(column), column.astype(kind).tobytes())


def width(high: int) -> int:
    """Bytes of the smallest type that holds numbers from 0 up to this one; none if all are 0."""
    return next((np.dtype(kind).itemsize for kind, top in _KINDS if high < top), 8) if high else 0


def unpacked(packed: Packed) -> Int64:
    """The column that was packed."""
    if not packed.kind:
        return np.zeros(packed.length, np.int64)
    return np.frombuffer(packed.data, packed.kind).astype(np.int64)


def _as_packed(packed: Packed) -> Whole:
    """The same in the type that it was packed in."""
    return np.frombuffer(packed.data, packed.kind) if packed.kind else np.zeros(packed.length, np.uint8)


class WireHistograms(Mapping[str, Triple]):
    """The histograms of a roll-up's pieces, each unpacked when it is asked for: most of them never are.

    Args:
        pieces: the histograms of each, in the order of HISTOGRAMS.
        starts: the first row of each piece.
    """

    def __init__(self, pieces: Sequence[Sequence[Sequence[Packed]]], starts: Sequence[int]) -> None:
        self._pieces = pieces
        self._starts = starts

    def __getitem__(self, name: str) -> Triple:
        if name not in HISTOGRAMS:
            raise KeyError(name)
        number = HISTOGRAMS.index(name)
        row, bucket, count = zip(*(map(_as_packed, each[number]) for each in self._pieces), strict=True)
        if len(row) == 1:
            return row[0], bucket[0], count[0]
        rows = [each.astype(np.int64) + start for each, start in zip(row, self._starts, strict=False)]
        return np.concatenate(rows), np.concatenate(bucket), np.concatenate(count)

    def __iter__(self) -> Iterator[str]:
        return iter(HISTOGRAMS)

    def __len__(self) -> int:
        return len(HISTOGRAMS)
