"""Ids of 64 bits -> which are known, in a hash table with open addressing (linear probing) over one array."""

import numpy as np
from numpy.typing import NDArray

from detectors.facts import Int64

try:
    from streams import probe
except ImportError:  # no compiler where it was installed
    probe = None  # type: ignore[assignment]

UInt64 = NDArray[np.uint64]
UInt32 = NDArray[np.uint32]
Bool = NDArray[np.bool_]

_SPREAD = 0x9E37_79B9_7F4A_7C15
_PAYLOAD = np.uint64(0xFFFF_FFFF)
_BUCKET = np.uint64(32)


class IdTable:
    """Each id with 32 bits of its payload and the bucket of its first record; nothing is taken out.

    A slot has 16 bytes: the id, 0 where it is free, and bucket and payload as one number. Windows of a second are counted in
    32 bits until 2106.

    Args:
        slots: how many, a power of two; who fills it sees to it that some stay free.
    """

    def __init__(self, slots: int) -> None:
        self.used = 0
        self._slots = np.zeros((slots, 2), np.uint64)
        self._shift = 64 - (slots.bit_length() - 1)

    def __len__(self) -> int:
        """How many slots there are."""
        return len(self._slots)

    def first_seen(self, ids: UInt64, payload: UInt32, bucket: Int64, oldest: Int64) -> tuple[Bool, Bool]:
        """Which ids are not known, and which are with another payload; remembers the first ones.

        Args:
            ids: in the order in which they are asked, never 0, shape (n,).
            payload: shape (n,).
            bucket: of each, shape (n,).
            oldest: an id of a bucket below this is not known any more, shape (n,).
        """
        if probe is None:
            return self._by_columns(ids, payload, bucket, oldest)
        fresh, conflict = np.empty(len(ids), np.bool_), np.empty(len(ids), np.bool_)
        self.used += probe.first_seen(
            self._slots, self._shift, _SPREAD, ids, payload, bucket, oldest, fresh.view(np.uint8), conflict.view(np.uint8)
        )
        return fresh, conflict

    def _by_columns(self, ids: UInt64, payload: UInt32, bucket: Int64, oldest: Int64) -> tuple[Bool, Bool]:
        """What `probe` does id by id: all that stand in the columns for the first time at once, repeats after them."""
        fresh, conflict = np.zeros(len(ids), np.bool_), np.zeros(len(ids), np.bool_)
        again = _repeats(ids)
        for at in (np.flatnonzero(~again), *np.flatnonzero(again)[:, np.newaxis]):
            fresh[at], conflict[at] = self._at_once(ids[at], payload[at], bucket[at], oldest[at])
        return fresh, conflict

    def _at_once(self, ids: UInt64, payload: UInt32, bucket: Int64, oldest: Int64) -> tuple[Bool, Bool]:
        """What `first_seen` says, of ids that differ."""
        slot = self._find(ids)
        held = self._slots[slot, 1]
        fresh = (self._slots[slot, 0] == 0) | ((held >> _BUCKET).astype(np.int64) < oldest)
        conflict = ~fresh & ((held & _PAYLOAD) != payload)
        ids, slot = ids[fresh], slot[fresh]
        told = (bucket[fresh].astype(np.uint64) << _BUCKET) | payload[fresh]
        while len(ids):
            free = self._slots[slot, 0] == 0
            self._slots[slot, 0] = ids
            won = self._slots[slot, 0] == ids  # of two that want one free slot, one gets it and the other looks on
            self.used += int(np.count_nonzero(free & won))
            self._slots[slot[won], 1] = told[won]
            ids, told = ids[~won], told[~won]
            slot = self._find(ids)
        return fresh, conflict

    def _find(self, ids: UInt64) -> Int64:
        """The slot that holds each id, or the free one where it belongs."""
        mask = len(self._slots) - 1
        slot = ((ids * np.uint64(_SPREAD)) >> np.uint64(self._shift)).astype(np.int64)
        held = self._slots[slot, 0]
        lost = np.flatnonzero((held != ids) & (held != 0))
        while len(lost):
            slot[lost] = (slot[lost] + 1) & mask
            held = self._slots[slot[lost], 0]
            lost = lost[(held != ids[lost]) & (held != 0)]
        return slot


def _repeats(ids: UInt64) -> Bool:
    """Which ids stand further up as well."""
    again = np.zeros(len(ids), np.bool_)
    ascending = np.sort(ids)
    if (ascending[1:] == ascending[:-1]).any():
        order = np.argsort(ids, kind="stable")
        again[order[1:]] = ids[order[1:]] == ids[order[:-1]]
    return again
