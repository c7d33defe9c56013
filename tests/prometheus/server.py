"""Debian's Prometheus -> a running server on loopback that scrapes given ports, and the answers to queries."""

import contextlib
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.kafka.broker import free_ports
from tests.kafka.jars import cache

T = TypeVar("T")


def program(name: str) -> str:
    """The path of `prometheus` or `promtool`: installed, or unpacked by tests/install-prerequisites."""
    return shutil.which(name) or str(cache() / "prometheus" / "usr" / "bin" / name)


def check_config(path: Path) -> str:
    """What `promtool check config` says.

    Raises:
        subprocess.CalledProcessError: when the configuration, or a rule file that it names, is wrong.
    """
    return subprocess.run([program("promtool"), "check", "config", str(path)], check=True, capture_output=True, text=True).stdout


def rules_verdict(path: Path) -> str:
    """What `promtool test rules` says of a file of rule tests."""
    return subprocess.run([program("promtool"), "test", "rules", str(path)], check=False, capture_output=True, text=True).stdout


def config(jobs: Mapping[str, int], *, interval: str = "1s") -> str:
    """A configuration (JSON is YAML) that scrapes loopback ports, a job each."""
    scrapes = [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, port in jobs.items()]
    return json.dumps({"global": {"scrape_interval": interval, "scrape_timeout": interval}, "scrape_configs": scrapes})


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running server."""

    port: int

    def api(self, path: str, **parameters: str) -> Any:
        """`data` of an answer of the HTTP API."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> dict[str, float]:
        """Values of an instant query by their labels, as `a=1,b=2` in the order of the alphabet."""
        result = self.api("query", query=expression)["result"]
        return {
            ",".join(f"{key}={value}" for key, value in sorted(row["metric"].items())): float(row["value"][1]) for row in result
        }

    def wait_for(self, expression: str, *, timeout_s: float = 20) -> dict[str, float]:
        """The first answer to `expression` that is not empty."""
        return until(lambda: self.query(expression), timeout_s=timeout_s, what=expression)

    def healthy(self) -> bool:
        """Whether it is up and serves queries."""
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1) as answer:
            return bool(answer.status == 200)
        return False


def until(ask: Callable[[], T], *, timeout_s: float, what: str) -> T:
    """The first true answer.

    Raises:
        TimeoutError: when there is none in time.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise TimeoutError(what)


@contextlib.contextmanager
def scraping(jobs: Mapping[str, int], data: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes loopback ports every second, for the length of a `with` block."""
    settings = data / "prometheus.yml"
    settings.write_text(config(jobs))
    server = Prometheus(free_ports(1)[0])
    options = [f"--config.file={settings}", f"--storage.tsdb.path={data / 'tsdb'}", f"--web.listen-address=127.0.0.1:{server.port}"]
    with (
        (data / "prometheus.log").open("wb") as log,
        subprocess.Popen([program("prometheus"), *options], stdout=log, stderr=log) as process,
    ):
        try:
            until(server.healthy, timeout_s=20, what=f"Prometheus is not ready, see {log.name}")
            yield server
        finally:
            process.terminate()
