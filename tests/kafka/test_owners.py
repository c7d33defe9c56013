"""What Kafka says of partitions: which have no leader, and which a member of a group has; and what a member reads."""

import asyncio
import contextlib

from streams.log.fetched import Fetched
from streams.log.kafka import Kafka
from streams.log.topics import TELEMETRY, Topic, Topics
from streams.settings import KafkaSettings


@contextlib.asynccontextmanager
async def member(client, topics):
    consumer = client.member(topics.group("ingest"), instance=None)
    await client.start(consumer)
    consumer.subscribe([topics.telemetry])
    try:
        async with asyncio.timeout(30):
            while not consumer.assignment():
                await consumer.getmany(timeout_ms=100)
        yield consumer
    finally:
        await consumer.stop()


async def test_partitions_have_leaders_and_an_owner_while_a_member_lives(kafka, topic_prefix):
    client, topics = Kafka(KafkaSettings.of(bootstrap=kafka.bootstrap, topic_prefix=topic_prefix)), Topics(topic_prefix)
    await client.ensure([Topic(topics.telemetry, 3, TELEMETRY)])
    assert await client.unled(topics.telemetry) == set()
    async with member(client, topics):
        assert await client.owned(topics.group("ingest"), topics.telemetry) == {0, 1, 2}
    assert await client.owned(topics.group("ingest"), topics.telemetry) == set()


async def test_a_member_reads_bare_records(kafka, topic_prefix):
    """That aiokafka still asks us for them: whole ones cost throughput."""
    client, topics = Kafka(KafkaSettings.of(bootstrap=kafka.bootstrap, topic_prefix=topic_prefix)), Topics(topic_prefix)
    await client.ensure([Topic(topics.telemetry, 1, TELEMETRY)])
    producer = await client.producer()
    try:
        sent = await producer.send_and_wait(topics.telemetry, b"{}", key=b"acme", timestamp_ms=1_700_000_000_000)
    finally:
        await producer.stop()
    async with member(client, topics) as consumer:
        await consumer.seek_to_beginning()
        found = await asyncio.wait_for(consumer.getmany(timeout_ms=30_000), 60)
    (fetched,) = found.values()
    assert isinstance(fetched, Fetched)
    assert (fetched.offset, fetched.arrivals_ms.tolist(), fetched.unkeyed) == (sent.offset, [1_700_000_000_000], 0)
    assert fetched.values == [b"{}"]
