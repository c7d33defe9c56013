from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.kafka.broker import Cluster, Plan, known_brokers
from tests.kafka.topics import create_topics


@pytest.fixture
async def topic(kafka: Cluster, topic_prefix: str) -> str:
    await create_topics(kafka.bootstrap, {f"{topic_prefix}numbers": 3})
    return f"{topic_prefix}numbers"


async def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
        for index, value in enumerate(values):
            await producer.send(topic, value, partition=index % 3)
        await producer.flush()


async def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=f"{topic}-group", auto_offset_reset="earliest"
    ) as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_what_an_idempotent_producer_sends_is_read_once_by_a_group(kafka: Cluster, topic: str) -> None:
    values = [str(number).encode() for number in range(30)]
    await produce(kafka.bootstrap, topic, values)
    assert sorted(await consume(kafka.bootstrap, topic, 30)) == sorted(values)


def test_a_ready_broker_knows_itself(kafka: Cluster) -> None:
    assert known_brokers(kafka.nodes[0].port) == 1


def test_extra_properties_win_over_those_of_the_plan(tmp_path: Path) -> None:
    plan = Plan(brokers=3, extra={"log.dirs": "/elsewhere"})
    properties = plan.properties(2, [1, 2, 3, 4, 5, 6], tmp_path)
    assert properties["log.dirs"] == "/elsewhere"
    assert properties["controller.quorum.voters"] == "1@127.0.0.1:4,2@127.0.0.1:5,3@127.0.0.1:6"
