# cython: language_level=3, boundscheck=False, wraparound=False
"""Ids -> which a table knows, one after the other; see `streams.id_table`, which does the same by columns where this is missing."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t


def first_seen(
    uint64_t[:, ::1] slots,
    int shift,
    uint64_t spread,
    const uint64_t[::1] ids,
    const uint32_t[::1] payload,
    const int64_t[::1] bucket,
    const int64_t[::1] oldest,
    uint8_t[::1] fresh,
    uint8_t[::1] conflict,
):
    """Write which ids are new and which are known with another payload; remember the new ones. How many slots were taken."""
    cdef uint64_t mask = slots.shape[0] - 1
    cdef uint64_t slot, held
    cdef Py_ssize_t i, taken = 0
    if not ids.shape[0] == payload.shape[0] == bucket.shape[0] == oldest.shape[0] == fresh.shape[0] == conflict.shape[0]:
        raise ValueError("columns of different lengths")
    for i in range(ids.shape[0]):
        slot = (ids[i] * spread) >> shift
        while slots[slot, 0] != ids[i] and slots[slot, 0] != 0:
            slot = (slot + 1) & mask
        held = slots[slot, 1]
        fresh[i] = slots[slot, 0] == 0 or <int64_t>(held >> 32) < oldest[i]
        conflict[i] = not fresh[i] and <uint32_t>held != payload[i]
        if fresh[i]:
            taken += slots[slot, 0] == 0
            slots[slot, 0], slots[slot, 1] = ids[i], <uint64_t>bucket[i] << 32 | payload[i]
    return taken
