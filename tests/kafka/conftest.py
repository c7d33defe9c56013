"""The real Kafka that tests share, and names that keep them apart."""

import uuid
from collections.abc import Iterator

import pytest

from tests.kafka.broker import Cluster, Plan, running


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One Apache Kafka broker for the whole run; its address is `kafka.bootstrap`."""
    with running(Plan(), tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@pytest.fixture
def topic_prefix() -> str:
    """What the names of this test's topics and groups begin with, so that tests do not see each other."""
    return f"t{uuid.uuid4().hex[:8]}."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the broker, so that `-m "not kafka"` leaves it out."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker("kafka")
