import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.kafka.jars import POM

ROOT = Path(__file__).parents[1]


@pytest.fixture
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return parsed


@pytest.fixture
def dockerfile() -> str:
    return (ROOT / "deploy" / "Dockerfile").read_text()


def test_the_compose_file_keeps_to_the_schema_of_the_compose_specification(compose: dict[str, Any]) -> None:
    package = find_spec("check_jsonschema")
    assert package
    assert package.origin
    schema = Path(package.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.Draft7Validator(json.loads(schema.read_text())).validate(compose)


def test_everything_that_is_published_is_published_on_loopback_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_compose_file_runs_the_kafka_that_the_tests_run(compose: dict[str, Any]) -> None:
    version = re.search(r"<kafka.version>(.+)</kafka.version>", POM.read_text())
    assert version
    assert {compose["services"][name]["image"] for name in ("kafka", "topics")} == {f"apache/kafka:{version[1]}"}


def test_prometheus_scrapes_the_port_that_tidegate_listens_on(compose: dict[str, Any]) -> None:
    scrapes = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    port = compose["services"]["tidegate"]["environment"]["TIDEGATE_HTTP"].split(":")[-1]
    assert scrapes[0]["static_configs"][0]["targets"] == [f"tidegate:{port}"]


def test_files_that_the_compose_file_names_are_there(compose: dict[str, Any]) -> None:
    assert (ROOT / compose["services"]["tidegate"]["build"]["dockerfile"]).is_file()
    for volume in compose["services"]["prometheus"]["volumes"]:
        assert (ROOT / volume.split(":")[0]).is_dir()


def test_the_image_runs_as_nobody_and_installs_by_hash(dockerfile: str) -> None:
    final = dockerfile.rsplit("FROM ", maxsplit=1)[1]
    assert re.search(r"^USER (\d+):\d+$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    installs = re.findall(r"(?:pip install|pip sync)[^&\n]*\.lock", dockerfile)
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)


def test_what_the_image_copies_is_there_and_not_ignored(dockerfile: str) -> None:
    sources = [word for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE) for word in line.split()[:-1]]
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert sources
    assert all((ROOT / source).exists() and f"!{source}" in allowed for source in sources)
