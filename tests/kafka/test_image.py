from pathlib import Path

import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.kafka.image import on_loopback, properties_of, start
from tests.kafka.topics import create_topics

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"


def test_variables_become_properties_by_the_rule_of_the_image() -> None:
    environment = {"KAFKA_NODE_ID": "1", "KAFKA_A__B___C": "x", "CLUSTER_ID": "y"}
    assert properties_of(environment) == {"node.id": "1", "a_b-c": "x"}


def test_listeners_move_to_free_ports_of_loopback() -> None:
    assert on_loopback("A://:1,B://kafka:2", {"1": 11, "2": 22}) == "A://127.0.0.1:11,B://127.0.0.1:22"
    assert on_loopback("1@kafka:9093", {"9093": 7}) == "1@127.0.0.1:7"


async def test_the_variables_of_the_compose_file_start_a_broker_that_serves_a_consumer_group(tmp_path: Path) -> None:
    environment = yaml.safe_load(COMPOSE.read_text())["services"]["kafka"]["environment"]
    cluster = start(environment, tmp_path)
    try:
        await create_topics(cluster.bootstrap, {"telemetry": 4})
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, enable_idempotence=True) as producer:
            await producer.send_and_wait("telemetry", b"usage")
        group = {"group_id": "compose", "auto_offset_reset": "earliest"}
        async with AIOKafkaConsumer("telemetry", bootstrap_servers=cluster.bootstrap, **group) as consumer:
            assert (await consumer.getone()).value == b"usage"
    finally:
        cluster.stop()
