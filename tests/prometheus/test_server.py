from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from tests.prometheus.server import Prometheus, check_config, config, program, rules_verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture
def exporter() -> Iterator[int]:
    registry = CollectorRegistry()
    Counter("tidegate_records", "records", registry=registry).inc(7)
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_prometheus_scrapes_a_port_and_answers_queries(
    prometheus: Callable[[Mapping[str, int]], Prometheus], exporter: int
) -> None:
    server = prometheus({"tidegate": exporter})
    assert server.wait_for("sum(tidegate_records_total)") == {"": 7.0}


def test_the_configuration_that_is_shipped_and_its_rules_are_valid() -> None:
    assert "rules found" in check_config(ROOT / "deploy" / "prometheus" / "prometheus.yml")


def test_the_rules_say_what_they_are_meant_to_say() -> None:
    assert rules_verdict(Path(__file__).with_name("rules_test.yml")).strip().endswith("SUCCESS")


def test_the_configuration_of_tests_is_valid(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(config({"one": 1, "two": 2}))
    assert "SUCCESS" in check_config(tmp_path / "prometheus.yml")


def test_the_programs_of_debian_are_there() -> None:
    assert Path(program("prometheus")).exists()
