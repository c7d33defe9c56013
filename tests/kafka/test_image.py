import asyncio
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.kafka.broker import Cluster, free_ports
from tests.kafka.image import on_loopback, properties_of, start
from tests.kafka.topics import create_topics
from tests.prometheus.server import until

SERVICES: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text())["services"]


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The broker of the compose file, with its topics."""
    cluster = start(SERVICES["kafka"]["environment"], tmp_path_factory.mktemp("composed"))
    yield cluster
    cluster.stop()


def answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def test_variables_become_properties_by_the_rule_of_the_image() -> None:
    environment = {"KAFKA_NODE_ID": "1", "KAFKA_A__B___C": "x", "CLUSTER_ID": "y"}
    assert properties_of(environment) == {"node.id": "1", "a_b-c": "x"}


def test_listeners_move_to_free_ports_of_loopback() -> None:
    assert on_loopback("A://:1,B://kafka:2", {"1": 11, "2": 22}) == "A://127.0.0.1:11,B://127.0.0.1:22"
    assert on_loopback("1@kafka:9093", {"9093": 7}) == "1@127.0.0.1:7"


async def test_the_variables_of_the_compose_file_start_a_broker_that_serves_a_consumer_group(composed: Cluster) -> None:
    await create_topics(composed.bootstrap, {"anything": 4})
    async with AIOKafkaProducer(bootstrap_servers=composed.bootstrap, enable_idempotence=True) as producer:
        await producer.send_and_wait("anything", b"usage")
    group = {"group_id": "compose", "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer("anything", bootstrap_servers=composed.bootstrap, **group) as consumer:
        assert (await consumer.getone()).value == b"usage"


def test_the_variables_of_the_compose_file_start_tidegate(composed: Cluster, tmp_path: Path) -> None:
    asyncio.run(create_topics(composed.bootstrap, dict.fromkeys(("telemetry", "outcomes", "releases"), 4)))
    http = f"127.0.0.1:{free_ports(1)[0]}"
    environment = (
        os.environ | SERVICES["tidegate"]["environment"] | {"TIDEGATE_BOOTSTRAP": composed.bootstrap, "TIDEGATE_HTTP": http}
    )
    command = [sys.executable, "-m", "streams", *SERVICES["tidegate"]["command"]]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        until(lambda: answers(f"http://{http}/readyz"), timeout_s=60, what=f"Tidegate is not ready, see {log.name}")
        process.terminate()
        assert process.wait(30) == 0
