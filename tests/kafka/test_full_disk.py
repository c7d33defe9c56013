"""A worker on a disk that takes nothing: what it knows is in Kafka, so it needs no file."""

import tempfile
import time
from pathlib import Path

import pytest

from tests.kafka.service import service_on, until
from tests.kafka.traffic import traffic

WRITES_NOTHING = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from streams.__main__ import main
main()
"""


@pytest.fixture
def service(kafka, topic_prefix, tmp_path):
    with service_on(kafka.bootstrap, topic_prefix, tmp_path) as service:
        yield service


def test_a_worker_starts_and_judges_where_no_file_can_be_written(service):
    service.program = ("-c", WRITES_NOTHING, "run")
    service.produce(traffic(minutes=2, per_second=5, seed=1), 1)
    began_s = time.time()
    worker = service.start("--clock", "stream").wait_ready()
    until(lambda: len(service.read(service.topics.anomalies)) > 5)
    worker.stop()
    left = [each for each in Path(tempfile.gettempdir()).glob("tidegate-????????") if each.stat().st_mtime > began_s]
    assert left == []
