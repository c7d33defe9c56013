import json

import pytest

from streams.source.recording import RecordingReader
from tests.kafka.service import service_on
from tests.kafka.traffic import T0, usage


@pytest.fixture
def service(kafka, topic_prefix, tmp_path):
    with service_on(kafka.bootstrap, topic_prefix, tmp_path) as service:
        yield service


def recorded(service, out, *options):
    done = service.tidegate("record", *service.kafka_options, "--out", str(out), "--until-end", *options)
    assert done.returncode == 0, done.stderr
    return [
        (batch.offsets, batch.arrivals_ms, batch.values) for part in RecordingReader(out).partitions() for batch in part.batches()
    ]


def value(number):
    return json.dumps(usage(number, T0, "acme")).encode()


def test_everything_is_kept_byte_for_byte(service, tmp_path):
    service.produce([(T0 + i, "acme", value(i)) for i in range(5)] + [(T0, "globex", b"\xff not json")], 1)
    ((offsets, arrivals, values),) = recorded(service, tmp_path / "a.tgr")
    assert list(offsets) == [0, 1, 2, 3, 4, 5]
    assert list(arrivals) == [T0, T0 + 1, T0 + 2, T0 + 3, T0 + 4, T0]
    assert values[5] == b"\xff not json"


def test_a_stretch_begins_at_a_time_and_ends_before_one(service, tmp_path):
    service.produce([(T0 + i * 1000, "acme", value(i)) for i in range(10)], 1)
    out = tmp_path / "a.tgr"
    done = service.tidegate("record", *service.kafka_options, "--out", str(out), "--from", str(T0 + 3000), "--to", str(T0 + 6000))
    assert done.returncode == 0, done.stderr
    (batch,) = list(RecordingReader(out).partitions()[0].batches())
    assert list(batch.offsets) == [3, 4, 5]


def test_partitions_without_records_are_kept_as_such(service, tmp_path):
    service.produce([(T0, "acme", value(1))], 4)
    recorded(service, tmp_path / "a.tgr")
    assert len(RecordingReader(tmp_path / "a.tgr").partitions()) == 4


def test_a_topic_that_is_not_there_is_one_clear_line_and_is_not_created(service, tmp_path):
    for _ in range(2):
        done = service.tidegate("record", *service.kafka_options, "--topic", "nobodys", "--out", str(tmp_path / "a"), "--until-end")
        assert done.returncode == 2
        assert done.stderr.strip() == "tidegate: there is no topic nobodys"
    assert not (tmp_path / "a").exists()
