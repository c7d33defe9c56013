"""Event ids in offset order -> which of them were seen before, within a horizon of event time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from detectors.facts import Int64
from streams.unchanging import Unchanging

UInt64 = NDArray[np.uint64]
UInt32 = NDArray[np.uint32]
Bool = NDArray[np.bool_]

_KEY = 0x7469_6465_6761_7465
"""Fixed, so that every worker and every restart knows the same ids."""

_FREE = np.uint64(0)
"""What stands for an id in a slot without one; `identities` never gives it."""
_FIRST_SLOTS = 1 << 12
_SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)


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
    stored, and in a hash table with open addressing (linear probing) over arrays, 16 bytes a slot, at most 3/5 full.
    """

    def __init__(self, *, window_ms: int, dedupe_ms: int) -> None:
        self._window_ms = window_ms
        self._dedupe_ms = dedupe_ms
        self._buckets: dict[int, _Bucket] = {}
        self._allocate(_FIRST_SLOTS)

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
        again = _repeats(ids)
        slot = self._find(ids)
        fresh, conflict = np.ones(len(ids), np.bool_), np.zeros(len(ids), np.bool_)
        met = np.flatnonzero(self._ids[slot] == ids)
        fresh[met] = self._bucket[slot[met]] < oldest[met]
        conflict[met] = ~fresh[met] & (self._payload[slot[met]] != payload[met])
        fresh &= ~again
        self._insert(ids[fresh], payload[fresh], bucket[fresh], slot[fresh])
        for i in np.flatnonzero(again):
            fresh[i], conflict[i] = self._one(ids[i : i + 1], payload[i : i + 1], bucket[i : i + 1], int(oldest[i]))
        return fresh, conflict

    def _one(self, identity: UInt64, payload: UInt32, bucket: Int64, oldest: int) -> tuple[bool, bool]:
        slot = self._find(identity)
        if self._ids[slot[0]] != identity[0] or self._bucket[slot[0]] < oldest:
            self._insert(identity, payload, bucket, slot)
            return True, False
        return False, bool(self._payload[slot[0]] != payload[0])

    def _allocate(self, slots: int) -> None:
        self._ids = np.full(slots, _FREE, np.uint64)
        self._payload = np.zeros(slots, np.uint32)
        self._bucket = np.zeros(slots, np.uint32)  # windows of a second are counted so until 2106
        self._used = 0
        self._shift = np.uint64(64 - (slots.bit_length() - 1))

    def _find(self, ids: UInt64) -> Int64:
        """The slot that holds each id, or the free one where it belongs."""
        mask = len(self._ids) - 1
        slot = ((ids * _SPREAD) >> self._shift).astype(np.int64)
        held = self._ids[slot]
        lost = np.flatnonzero((held != ids) & (held != _FREE))
        while len(lost):
            slot[lost] = (slot[lost] + 1) & mask
            held = self._ids[slot[lost]]
            lost = lost[(held != ids[lost]) & (held != _FREE)]
        return slot

    def _insert(self, ids: UInt64, payload: UInt32, bucket: Int64, slot: Int64) -> None:
        """Remember different ids, in offset order; `slot` is where `_find` would put each."""
        if not len(ids):
            return
        cuts = np.flatnonzero(np.diff(bucket)) + 1
        for begin, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(ids)], strict=True):
            self._buckets.setdefault(int(bucket[begin]), _Bucket()).loose.append((ids[begin:end], payload[begin:end]))
        self._place(ids, payload, bucket, slot)

    def _place(self, ids: UInt64, payload: UInt32, bucket: Int64, slot: Int64) -> None:
        while len(ids):
            free = self._ids[slot] == _FREE
            self._ids[slot] = ids
            won = self._ids[slot] == ids  # of two that want one free slot, one gets it and the other looks on
            self._used += int(np.count_nonzero(free & won))
            taken = slot[won]
            self._payload[taken], self._bucket[taken] = payload[won], bucket[won]
            ids, payload, bucket = ids[~won], payload[~won], bucket[~won]
            slot = self._find(ids)

    def _make_room(self, more: int, oldest: int) -> None:
        """Forget buckets below `oldest` and see that the table stays at most half full."""
        expired = [bucket for bucket in self._buckets if bucket < oldest]
        for bucket in expired:
            del self._buckets[bucket]
        if (self._used + more) * 5 > len(self._ids) * 3:
            self._rebuild(more)

    def _rebuild(self, more: int) -> None:
        self._allocate(max(_FIRST_SLOTS, 1 << ((len(self) + more) * 5 // 2).bit_length()))
        for bucket in sorted(self._buckets):
            ids, payload = self._buckets[bucket].all()
            self._place(ids, payload, np.full(len(ids), bucket, np.int64), self._find(ids))

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


def _repeats(ids: UInt64) -> Bool:
    """Which ids stand further up as well."""
    again = np.zeros(len(ids), np.bool_)
    ascending = np.sort(ids)
    if (ascending[1:] == ascending[:-1]).any():
        order = np.argsort(ids, kind="stable")
        again[order[1:]] = ids[order[1:]] == ids[order[:-1]]
    return again
