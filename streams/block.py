"""The facts of a stretch of one partition's log, with the marker that follows them, and the bytes of both."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.canonical import encode
from detectors.facts import HISTOGRAMS, SUMS, Int64
from detectors.scope import Rollup
from streams.packed import Packed, Triple, Whole, WireHistograms, packed, packed_ascending, packed_columns, unpacked, width


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind a block on `tidegate.windows`.

    Attributes:
        partition: source partition; `partitions` is how many its topic has.
        chunk: the window in which the watermark lay at the block's records; None before the first record.
        previous_chunk: the partition's chunk before it; None for its first.
        upto: the offset below which all records of the chunk are in the block.
        parts: records that the block is split into; 0 while it has not been encoded.
        watermark_ms: of the partition; a final block says the start of the chunk that followed. None before the first record.
        idle_at_ms: the partition was read to its end and quiet then; None when it is not idle.
        shard: for judging split by scope; always 0 today.
    """

    partition: int
    chunk: int | None
    previous_chunk: int | None
    upto: int
    parts: int
    watermark_ms: int | None
    idle_at_ms: int | None
    partitions: int
    shard: int = 0

    def encode(self) -> bytes:
        """As compact JSON."""
        return encode(self)

    @classmethod
    def decode(cls, raw: bytes) -> "Marker":
        """The marker that `encode` wrote.

        Raises:
            msgspec.DecodeError: when it is none.
        """
        return msgspec.json.decode(raw, type=cls)


@dataclass(frozen=True, slots=True, eq=False)
class RollupRows:
    """The facts of one roll-up: one row for each (late, window, scope) that has records, sorted so.

    Attributes:
        scopes: values of each scope in the order of the roll-up's dimensions, sorted.
        scope: index into `scopes`, shape (rows,).
        window: number of the window, `ts_ms // window_ms`, shape (rows,).
        late: whether the window had ended at or before the watermark, shape (rows,).
        sums: int64 of shape (rows, len(SUMS)).
        histograms: (row, bucket, count) by name, sorted by (row, bucket), each pair once. Records that lack a figure are in none
            of its buckets: no latency, unknown tokens, the cost of unknown tokens.
    """

    rollup: Rollup
    scopes: list[tuple[str, ...]]
    scope: Int64
    window: Int64
    late: NDArray[np.bool_]
    sums: Int64
    histograms: Mapping[str, Triple]


@dataclass(frozen=True, slots=True, eq=False)
class Sealed:
    """A block and its marker. Two are equal when their bytes are."""

    marker: Marker
    rollups: dict[Rollup, RollupRows]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and encode_parts(self) == encode_parts(other)

    __hash__ = None  # type: ignore[assignment]  # arrays inside


def no_rows(rollup: Rollup) -> RollupRows:
    """A roll-up without records."""
    none = np.zeros(0, np.int64)
    return RollupRows(
        rollup, [], none, none, np.zeros(0, np.bool_), np.zeros((0, len(SUMS)), np.int64), dict.fromkeys(HISTOGRAMS, (none,) * 3)
    )


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """Some rows of a roll-up on the wire; columns as bytes of their smallest little-endian type."""

    rollup: tuple[str, ...]
    scopes: list[tuple[str, ...]]
    scope: Packed
    window: Packed
    late: Packed
    sums: list[Packed]
    histograms: list[list[Packed]]


class _Part(msgspec.Struct, frozen=True, array_like=True):
    number: int
    marker: Marker
    rollups: list[tuple[str, ...]]
    pieces: list[Piece]


_packer = msgspec.msgpack.Encoder()
_unpacker = msgspec.msgpack.Decoder(_Part)
MAX_PART_BYTES = 512 * 1024


def encode_parts(sealed: Sealed, max_bytes: int = MAX_PART_BYTES) -> list[bytes]:
    """The block as records of at most `max_bytes`; equal blocks give equal bytes. Rows are never split.

    The marker inside says how many parts there are.
    """
    groups: list[list[msgspec.Raw]] = [[]]
    room = budget = max_bytes - 1024 - 64 * len(sealed.rollups)
    for rows in sealed.rollups.values():
        for piece in _pieces(rows, 0, len(rows.scope), budget):
            if len(piece) > room and groups[-1]:
                groups.append([])
                room = budget
            groups[-1].append(msgspec.Raw(piece))
            room -= len(piece)
    marker = msgspec.structs.replace(sealed.marker, parts=len(groups))
    rollups = list(sealed.rollups)
    return [_packer.encode((number, marker, rollups, pieces)) for number, pieces in enumerate(groups)]  # a _Part


def decode_parts(parts: list[bytes]) -> Sealed:
    """The block whose parts these are, in any order.

    Raises:
        ValueError: when they are not all parts of one block.
        msgspec.DecodeError: when one is no part at all.
    """
    decoded = sorted((_unpacker.decode(part) for part in parts), key=lambda part: part.number)
    markers = {part.marker for part in decoded}
    if len(markers) != 1 or [part.number for part in decoded] != list(range(decoded[0].marker.parts)):
        raise ValueError("not the parts of one block")
    pieces = [piece for part in decoded for piece in part.pieces]
    rollups = {rollup: _joined(rollup, [piece for piece in pieces if piece.rollup == rollup]) for rollup in decoded[0].rollups}
    return Sealed(decoded[0].marker, rollups)


def _pieces(rows: RollupRows, low: int, high: int, budget: int) -> list[bytes]:
    """Rows [low, high) in as few halves as keep each within the budget, encoded."""
    if low == high:
        return []
    if high - low == 1 or _least_size(rows, low, high) <= budget:
        encoded = _packer.encode(_piece(rows, low, high))
        if high - low == 1 or len(encoded) <= budget:
            return [encoded]
    middle = (low + high) // 2
    return _pieces(rows, low, middle, budget) + _pieces(rows, middle, high, budget)


def _piece(rows: RollupRows, low: int, high: int) -> Piece:
    used, scope = _used(rows.scope[low:high])
    histograms = []
    for name in HISTOGRAMS:
        row, bucket, count = rows.histograms[name]
        its = _its(row, low, high)
        own = np.subtract(row[its], low, dtype=np.int64)
        histograms.append([packed_ascending(own), packed(bucket[its]), packed(count[its])])
    return Piece(
        rows.rollup,
        [rows.scopes[i] for i in used.tolist()],
        packed(scope),
        packed(rows.window[low:high]),
        packed(rows.late[low:high].astype(np.int64)),
        packed_columns(rows.sums[low:high]),
        histograms,
    )


def _joined(rollup: Rollup, pieces: list[Piece]) -> RollupRows:
    if not pieces:
        return no_rows(rollup)
    scopes, places = _united([piece.scopes for piece in pieces])
    scope = [its[unpacked(piece.scope)] for piece, its in zip(pieces, places, strict=True)]
    starts = np.cumsum([0, *(piece.scope.length for piece in pieces)])
    return RollupRows(
        rollup,
        scopes,
        np.concatenate(scope),
        np.concatenate([unpacked(piece.window) for piece in pieces]),
        np.concatenate([unpacked(piece.late) for piece in pieces]).astype(np.bool_),
        np.concatenate([np.stack([unpacked(column) for column in piece.sums], axis=1) for piece in pieces]),
        WireHistograms([piece.histograms for piece in pieces], starts.tolist()),
    )


def _least_size(rows: RollupRows, low: int, high: int) -> int:
    """Bytes that rows [low, high) have at least when they are encoded: those of their histograms, at the least that each needs."""
    size = 0
    for row, bucket, _ in rows.histograms.values():
        its = _its(row, low, high)
        if its.stop > its.start:
            size += (its.stop - its.start) * (width(int(row[its.stop - 1]) - low) + int(bucket[its][:8].any()) + 1)
    return size


def _its(row: Whole, low: int, high: int) -> slice:
    """The cells of a histogram that are of rows [low, high)."""
    first, last = np.searchsorted(row, [low, high]).tolist()
    return slice(first, last)


def _used(scope: Int64) -> tuple[Int64, Int64]:
    """Which scopes have rows, ascending, and the place among them of each row's."""
    first = int(scope.min())
    has = np.zeros(int(scope.max()) - first + 1, np.bool_)
    has[scope - first] = True
    return np.flatnonzero(has) + first, (np.cumsum(has) - 1)[scope - first]


def _united(lists: list[list[tuple[str, ...]]]) -> tuple[list[tuple[str, ...]], list[Int64]]:
    """All that sorted lists have, sorted, each once; and for each list the places of its own."""
    if all(each == lists[0] for each in lists[1:]):
        return lists[0], [np.arange(len(lists[0]))] * len(lists)
    if all(one[-1] < other[0] for one, other in itertools.pairwise(lists)):
        ends = np.cumsum([len(each) for each in lists])
        return list(itertools.chain.from_iterable(lists)), np.split(np.arange(ends[-1]), ends[:-1])
    united = sorted(dict.fromkeys(itertools.chain.from_iterable(lists)))
    place = dict(zip(united, itertools.count()))
    return united, [np.fromiter(map(place.__getitem__, each), np.int64, len(each)) for each in lists]
