"""A consumer that asks for bare records gets them as they were decoded, and every other one what aiokafka makes of them."""

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.log.bare import BareRecords, bare

SENT = [(0, 1_700_000_000_000, b"acme", b"{}"), (1, 1_700_000_000_001, None, None), (2, 1_700_000_000_002, b"", b"x" * 1000)]


def fetched(deserializer, *, offset: int = 0):
    """What a consumer with this value deserializer reads from a batch, from an offset on."""
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for at, timestamp, key, value in SENT:
        batch.append(at, timestamp, key, value, [("trace", b"1")])
    records = MemoryRecords(bytes(batch.build()))
    return list(fetcher.PartitionRecords(TopicPartition("t", 0), records, [], offset, None, deserializer, True, 0))


@pytest.mark.parametrize("deserializer", [bare, None])
def test_all_that_ingest_reads_is_there(deserializer):
    assert [(each.offset, each.timestamp, each.key, each.value) for each in fetched(deserializer)] == SENT


def test_what_lies_before_the_position_is_passed_over():
    assert [each.offset for each in fetched(bare, offset=1)] == [1, 2]


def test_only_who_asks_gets_bare_records():
    assert not any(isinstance(each, ConsumerRecord) for each in fetched(bare))
    assert all(isinstance(each, ConsumerRecord) for each in fetched(None))


def test_a_batch_that_was_damaged_is_refused():
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    batch.append(0, 1, b"k", b"value", [])
    raw = bytearray(batch.build())
    raw[-3] ^= 1
    records = BareRecords(TopicPartition("t", 0), MemoryRecords(bytes(raw)), [], 0, None, bare, True, 0)
    with pytest.raises(fetcher.Errors.CorruptRecordException):
        list(records)
