"""A real Prometheus for one test."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.prometheus.server import Prometheus, scraping


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Callable[[Mapping[str, int]], Prometheus]]:
    """Call it with jobs (name to loopback port); the server is stopped after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda jobs: stack.enter_context(scraping(jobs, tmp_path))
