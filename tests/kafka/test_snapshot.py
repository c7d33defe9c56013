import asyncio
import contextlib

import numpy as np
import pytest

from streams.log.append import Appender, Record
from streams.log.kafka import Kafka, TopicPartition
from streams.log.snapshot import Snapshots, partition_of
from streams.log.topics import Topics
from streams.settings import KafkaSettings
from streams.unchanging import Unchanging


@contextlib.asynccontextmanager
async def snapshots(kafka, prefix, **config):
    topics, client = Topics(prefix), Kafka(KafkaSettings.of(bootstrap=kafka.bootstrap, topic_prefix=prefix))
    await client.ensure([each for each in topics.declared() if each.name == topics.state])
    appender = Appender(client)
    await appender.start()
    try:
        yield Snapshots(client, appender, topics.state), appender, client, topics
    finally:
        await appender.stop()


STATE = {"clock": 7, "seen": {"1": np.arange(200_000), "2": np.arange(3)}, "rows": [[1, "a", None]]}


async def test_a_state_larger_than_a_record_comes_back_equal(kafka, topic_prefix):
    async with snapshots(kafka, topic_prefix) as (kept, *_):
        slot, nothing = await kept.open("ingest/0")
        assert nothing is None
        await slot.save(42, {**STATE, "noise": np.random.default_rng(1).integers(0, 2**60, 200_000)})
        _, found = await kept.open("ingest/0")
        assert (found.position, found.state["clock"], found.state["rows"]) == (42, 7, [[1, "a", None]])
        assert found.state["seen"]["1"].tolist() == list(range(200_000))
        assert len(found.state["noise"]) == 200_000


async def test_what_has_not_changed_is_not_written_again(kafka, topic_prefix):
    async with snapshots(kafka, topic_prefix) as (kept, *_):
        slot, _ = await kept.open("ingest/0")
        first = await slot.save(1, STATE)
        second = await slot.save(2, {**STATE, "clock": 8})
        assert second < first / 100
        _, found = await kept.open("ingest/0")
        assert (found.position, found.state["clock"], len(found.state["seen"]["1"])) == (2, 8, 200_000)


async def test_what_never_changes_is_packed_once(kafka, topic_prefix):
    numbers = np.arange(3)
    seen = {"1.0": Unchanging((numbers, "a"))}
    async with snapshots(kafka, topic_prefix) as (kept, *_):
        slot, _ = await kept.open("ingest/0")
        await slot.save(1, {"seen": seen})
        numbers[0] = 99  # forbidden, and so it shows whether it was looked at again
        await slot.save(2, {"seen": seen})
        _, found = await kept.open("ingest/0")
        assert (found.position, found.state["seen"]["1.0"][0].tolist()) == (2, [0, 1, 2])
        await slot.save(3, {"seen": {"1.0": Unchanging((numbers, "a"))}})
        _, found = await kept.open("ingest/0")
        assert found.state["seen"]["1.0"][0].tolist() == [99, 1, 2]


async def test_without_its_manifest_a_snapshot_does_not_exist(kafka, topic_prefix):
    async with snapshots(kafka, topic_prefix) as (kept, appender, _, topics):
        slot, _ = await kept.open("detect")
        await slot.save(5, {"a": 1})
        await appender.append(topics.state, [Record(b"detect/other/abc", b"half of a snapshot")], partition=partition_of("detect"))
        _, found = await kept.open("detect")
        assert (found.position, found.state) == (5, {"a": 1})


async def test_a_chunk_that_is_not_what_its_name_says_is_not_believed(kafka, topic_prefix):
    async with snapshots(kafka, topic_prefix) as (kept, appender, client, topics):
        slot, _ = await kept.open("detect")
        await slot.save(5, {"a": 1})
        tp = TopicPartition(topics.state, partition_of("detect"))
        async with client.reading([tp]) as consumer:
            keys = [record.key async for record in client.to_the_end(consumer, [tp]) if not record.key.endswith(b"/manifest")]
        await appender.append(topics.state, [Record(keys[0], b"forged")], partition=tp.partition)
        _, found = await kept.open("detect")
        assert found is None


async def test_an_owner_that_does_not_know_that_it_is_none_takes_nothing_away(kafka, topic_prefix):
    async with snapshots(kafka, topic_prefix) as (kept, *_):
        old, _ = await kept.open("act")
        await old.save(10, STATE)
        new, found = await kept.open("act")
        assert found.position == 10
        await new.save(20, STATE)
        await old.save(15, {"clock": 0})
        _, found = await kept.open("act")
        assert (found.position, found.state["clock"]) == (20, 7)


async def test_a_key_does_not_see_those_that_begin_like_it(kafka, topic_prefix):
    async with snapshots(kafka, topic_prefix) as (kept, *_):
        slot, _ = await kept.open("ingest/10")
        await slot.save(1, {"a": 1})
        assert (await kept.open("ingest/1"))[1] is None


async def test_records_are_written_in_order_and_their_last_offset_is_told(kafka, topic_prefix):
    async with snapshots(kafka, topic_prefix) as (_, appender, client, topics):
        await client.ensure([each for each in topics.declared() if each.name == topics.windows])
        many = [Record(str(i).encode(), b"x" * 100_000) for i in range(30)]
        one, other = await asyncio.gather(appender.append(topics.windows, many), appender.append(topics.windows, many[:1]))
        assert sorted((one, other)) == [29, 30]
        tp = TopicPartition(topics.windows, 0)
        async with client.reading([tp]) as consumer:
            keys = [int(record.key) async for record in client.to_the_end(consumer, [tp])]
        assert keys in ([*range(30), 0], [0, *range(30)])


@pytest.mark.parametrize("prefix", ["gone."])
async def test_a_missing_topic_is_created_once_and_then_known(kafka, prefix):
    client, topics = Kafka(KafkaSettings.of(bootstrap=kafka.bootstrap, topic_prefix=prefix)), Topics(prefix)
    counts = await client.ensure([*topics.declared(), *topics.sources()])
    assert counts == await client.ensure([*topics.declared(), *topics.sources()])
    assert counts[topics.windows] == 1
