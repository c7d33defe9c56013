"""Answers to fetches, as a broker gives them: batches of records in the formats of Kafka, whole, marked, cut off or damaged."""

import struct

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder

from streams.log.record_batch import checksum

ATTRIBUTES, BY_LOG, TRANSACTIONAL, CONTROL = 21, 0x08, 0x10, 0x20
LARGEST_MS = 35


def sealed(raw: bytearray) -> bytes:
    """The batch with the checksum that it should have."""
    struct.pack_into(">I", raw, ATTRIBUTES - 4, checksum(bytes(raw), ATTRIBUTES, len(raw)))
    return bytes(raw)


def batch(records, *, base=0, codec=0, flags=0, producer=-1, largest_ms=None) -> bytes:
    """A batch of (offset less base, timestamp, key, value), each with headers."""
    builder = DefaultRecordBatchBuilder(2, codec, 0, producer, 0, -1, 1 << 24)
    for at, timestamp, key, value in records:
        assert builder.append(at, timestamp, key, value, [("trace", b"1"), ("none", None)]) is not None
    raw = bytearray(builder.build())
    struct.pack_into(">q", raw, 0, base)
    raw[ATTRIBUTES + 1] |= flags
    if largest_ms is not None:
        struct.pack_into(">q", raw, LARGEST_MS, largest_ms)
    return sealed(raw)


def mark(offset: int, *, producer: int, commits: bool) -> bytes:
    """The end of a transaction."""
    key = struct.pack(">hh", 0, int(commits))
    return batch([(0, 1, key, bytes(6))], base=offset, flags=TRANSACTIONAL | CONTROL, producer=producer)


def old_batch(records) -> bytes:
    """A batch in the format before this one."""
    builder = LegacyRecordBatchBuilder(1, 0, 1 << 20)
    for at, timestamp, key, value in records:
        builder.append(at, timestamp, key, value)
    return bytes(builder.build())
