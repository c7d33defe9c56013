"""Event ids in offset order -> which of them were seen before, within a horizon of event time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import xxhash

from detectors.facts import Int64
from streams.id_table import Bool, IdTable, UInt32, UInt64
from streams.unchanging import Unchanging

_KEY = 0x7469_6465_6761_7465
"""Fixed, so that every worker and every restart knows the same ids."""

_FIRST_SLOTS = 1 << 12


def identities(event_ids: Sequence[bytes]) -> UInt64:
    """64 bits of each event id, XXH3 with a fixed key; never 0."""
    ids = np.fromiter(map(xxhash.xxh3_64_intdigest, event_ids, repeat(_KEY)), np.uint64, len(event_ids))
    return np.maximum(ids, 1)


def payloads(values: Sequence[bytes]) -> UInt32:
    """32 bits of each record as it was sent."""
    return np.fromiter(map(xxhash.xxh3_64_intdigest, values), np.uint64, len(values)).astype(np.uint32)


@dataclass(slots=True)
class _Bucket:
    """The ids of one bucket and their payloads: pieces that a snapshot holds, and what has come since."""

    pieces: list[Unchanging] = field(default_factory=list)
    loose: list[tuple[UInt64, UInt32]] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(ids) for ids, _ in (*self.pieces, *self.loose))

    def all(self) -> tuple[UInt64, UInt32]:
        """All ids and their payloads, each in one array."""
        ids, payload = zip(*self.pieces, *self.loose, strict=True)
        return np.concatenate(ids), np.concatenate(payload)

    def fold(self) -> list[Unchanging]:
        """Make a piece of what is loose; all pieces."""
        if self.loose:
            ids, payload = zip(*self.loose, strict=True)
            self.pieces.append(Unchanging((np.concatenate(ids), np.concatenate(payload))))
            self.loose = []
        return list(self.pieces)


class Dedupe:
    """The ids of a source partition that were seen within the horizon, each with the bucket of its first record.

    A bucket is a window of the partition's clock. An id is forgotten once its bucket ended `dedupe_ms` or more before the clock at
    the record that asks, so that what is a duplicate depends on the log alone. The ids stand twice: by bucket, as they are
    stored, and in a table that is at most 3/5 full.
    """

    def __init__(self, *, window_ms: int, dedupe_ms: int) -> None:
        self._window_ms = window_ms
        self._dedupe_ms = dedupe_ms
        self._buckets: dict[int, _Bucket] = {}
        self._table = IdTable(_FIRST_SLOTS)

    def __len__(self) -> int:
        return sum(map(len, self._buckets.values()))

    def first_seen(self, ids: UInt64, payload: UInt32, clock_ms: Int64) -> tuple[Bool, Bool]:
        """Which records are the first of their id, and which are a repeat with another payload; remembers the first ones.

        Args:
            ids: of `identities`, in offset order, shape (n,).
            payload: of `payloads`, shape (n,).
            clock_ms: the clock of the partition after each record, ascending.
        """
        if not len(ids):
            return np.zeros(0, np.bool_), np.zeros(0, np.bool_)
        bucket = clock_ms // self._window_ms
        oldest = (clock_ms - self._dedupe_ms) // self._window_ms
        self._make_room(len(ids), int(oldest[0]))
        fresh, conflict = self._table.first_seen(ids, payload, bucket, oldest)
        self._remember(ids[fresh], payload[fresh], bucket[fresh])
        return fresh, conflict

    def _remember(self, ids: UInt64, payload: UInt32, bucket: Int64) -> None:
        """Put new ids into their buckets."""
        cuts = (np.flatnonzero(np.diff(bucket)) + 1).tolist()
        for begin, end in pairwise([0, *cuts, len(ids)]):
            if begin < end:
                self._buckets.setdefault(int(bucket[begin]), _Bucket()).loose.append((ids[begin:end], payload[begin:end]))

    def _make_room(self, more: int, oldest: int) -> None:
        """Forget buckets below `oldest` and see that the table stays at most 3/5 full."""
        expired = [bucket for bucket in self._buckets if bucket < oldest]
        for bucket in expired:
            del self._buckets[bucket]
        if (self._table.used + more) * 5 > len(self._table) * 3:
            self._rebuild(more)

    def _rebuild(self, more: int) -> None:
        self._table = IdTable(max(_FIRST_SLOTS, 1 << ((len(self) + more) * 5 // 2).bit_length()))
        for bucket in sorted(self._buckets):
            ids, payload = self._buckets[bucket].all()
            its = np.full(len(ids), bucket, np.int64)
            self._table.first_seen(ids, payload, its, its)  # what an older bucket has is not known any more

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back: ids and payloads in pieces. The pieces of the last snapshot stay what they are."""
        pieces = {bucket: self._buckets[bucket].fold() for bucket in sorted(self._buckets)}
        return {f"{bucket}.{number}": piece for bucket, its in pieces.items() for number, piece in enumerate(its)}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._buckets = {}
        for name, (ids, payload) in state.items():
            piece = Unchanging((np.array(ids, np.uint64), np.array(payload, np.uint32)))
            self._buckets.setdefault(int(name.partition(".")[0]), _Bucket()).pieces.append(piece)
        self._rebuild(0)
