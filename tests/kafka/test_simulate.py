import asyncio
import json
import time

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.__main__ import run
from streams.simulate.arrivals import Partitioning
from streams.simulate.load import load_scenario
from streams.simulate.traffic import generate

SCENARIO = """
duration: 5m
tenants: [{name: tenant, count: 6, operations_per_s: 10}]
delivery: {duplicate_ratio: 0.01, malformed_ratio: 0.01}
"""


@pytest.fixture
def scenario(tmp_path):
    (tmp_path / "s.yaml").write_text(SCENARIO)
    return str(tmp_path / "s.yaml")


async def everything(bootstrap, topic, partitions):
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    places = [TopicPartition(topic, number) for number in range(partitions)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    ends, found = await consumer.end_offsets(places), {number: [] for number in range(partitions)}
    while any(len(found[place.partition]) < ends[place] for place in places):
        for place, records in (await consumer.getmany(timeout_ms=500)).items():
            found[place.partition] += records
    await consumer.stop()
    return found


def test_records_reach_their_partitions_in_order_with_key_and_arrival(kafka, topic_prefix, scenario):
    topic = f"{topic_prefix}telemetry"
    assert run(["simulate", scenario, "--bootstrap", kafka.bootstrap, "--topic", topic, "--partitions", "3"]) == 0
    found = asyncio.run(everything(kafka.bootstrap, topic, 3))
    expected, dealt = {number: [] for number in range(3)}, Partitioning(3)
    for arrivals in generate(load_scenario(scenario)):
        for partition, (batch, keys) in dealt.deal(arrivals).items():
            expected[partition] += zip(keys, batch.values, batch.arrivals_ms, strict=True)
    assert {number: [(each.key, each.value, each.timestamp) for each in its] for number, its in found.items()} == expected


def test_a_speed_is_kept(kafka, topic_prefix, scenario, capsys):
    began_s = time.monotonic()
    arguments = [
        "--bootstrap",
        kafka.bootstrap,
        "--topic",
        f"{topic_prefix}telemetry",
        "--speed",
        "150",
        "--start",
        "now",
        "--json",
    ]
    assert run(["simulate", scenario, *arguments]) == 0
    assert 2 < time.monotonic() - began_s < 15
    assert json.loads(capsys.readouterr().out)["usage_records"] > 10_000


def test_a_broker_that_is_not_there_is_one_clear_line(scenario, capsys):
    assert run(["simulate", scenario, "--bootstrap", "127.0.0.1:9"]) == 2
    assert capsys.readouterr().err.startswith("tidegate: Kafka at 127.0.0.1:9 cannot be used")
