"""The log loses records before they are read: it is counted and named, windows that miss them say so, and work goes on."""

import asyncio
import json

import pytest
from aiokafka.admin import RecordsToDelete

from streams.errors import BrokerError
from streams.log.kafka import TopicPartition
from streams.log.lost import Losses
from tests.kafka.service import service_on, until
from tests.kafka.traffic import T0, usage

POLICY = """
version: 1
prices: {gpt-4o: {input_usd_per_mtok: 5, output_usd_per_mtok: 15}}
"""
EVERY_MS, GRACE_MS = 500, 5_000
FIRST, LOST, LAST = 200, 120, 200
"""Records that are read, that are lost and that are read again."""


@pytest.fixture
def service(kafka, topic_prefix, tmp_path):
    with service_on(kafka.bootstrap, topic_prefix, tmp_path) as service:
        yield service


@pytest.fixture
def policy(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    return str(file)


def records(first, last):
    """Records `first` up to `last`, twice a second and in order."""
    for number in range(first, last):
        at_ms = T0 + number * EVERY_MS
        yield at_ms, "acme", json.dumps(usage(number, at_ms, "acme")).encode()


def delete_below(service, topic, offset):
    """Let a topic lose its head, as retention does."""

    async def delete():
        async with service.kafka.admin() as admin:
            await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=offset)})

    asyncio.run(delete())


def windows(service):
    """Window number -> why something of it is missing, of all judged windows."""
    headers = [dict(record.headers or ()) for record in service.read(service.topics.anomalies)]
    judged = [json.loads(each["tidegate-judgement"]) for each in headers if "tidegate-judgement" in each]
    return {each["window_end"]: each["blind"] for each in judged}


def missing(service):
    """The reasons of the windows that miss something."""
    return {why for blind in windows(service).values() for why in blind.values()}


def is_whole_again(service):
    """Whether the last window misses nothing."""
    judged = windows(service)
    return judged[max(judged)] == {}


def test_telemetry_that_is_deleted_unread_is_named_and_the_rest_is_counted(service, policy, tmp_path):
    service.produce(records(0, FIRST), 1)
    worker = service.start("--clock", "stream", "--policy", policy).wait_ready()
    until(lambda: len(windows(service)) > 5)
    worker.stop()
    service.produce(records(FIRST, FIRST + LOST + LAST), 1)
    delete_below(service, service.topics.telemetry, FIRST + LOST)
    out = service.until_end(tmp_path / "out", "--policy", policy)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["usage_records"] == FIRST + LAST
    assert missing(service) == {f"without its records {FIRST} to {FIRST + LOST - 1}, which the log lost unread"}
    assert is_whole_again(service)
    assert f"telemetry/0 has lost its records {FIRST} to {FIRST + LOST - 1}" in service.started[-1].log.read_text()
    named = [end for end, blind in windows(service).items() if blind]
    watermark_ms, arrival_ms = T0 + (FIRST - 1) * EVERY_MS - GRACE_MS, T0 + (FIRST + LOST) * EVERY_MS
    assert len(named) == arrival_ms // 10_000 - watermark_ms // 10_000 + 1


def test_telemetry_that_is_deleted_under_a_running_worker_is_counted(service, policy):
    service.produce(records(0, FIRST), 1)
    worker = service.start("--policy", policy).wait_ready()
    until(lambda: worker.metrics().get('tidegate_consumer_lag_records{partition="0"}') == 0)
    delete_below(service, service.topics.telemetry, -1)
    service.produce(records(FIRST, FIRST + 1), 1)
    until(lambda: worker.metrics()["tidegate_records_total"] == FIRST + 1)
    assert not [name for name in worker.metrics() if name.startswith("tidegate_lost_records_total{")]
    worker.stop()
    service.produce(records(FIRST + 1, FIRST + LOST), 1)
    delete_below(service, service.topics.telemetry, -1)
    again = service.start("--policy", policy).wait_ready()
    name = f'tidegate_lost_records_total{{topic="{service.topics.telemetry}"}}'
    until(lambda: again.metrics().get(name) == LOST - 1)
    again.stop()


def test_blocks_that_are_deleted_unread_hold_no_window_up(service, policy):
    service.produce(records(0, FIRST), 1)
    both = service.start("--clock", "stream", "--policy", policy).wait_ready()
    until(lambda: len(windows(service)) > 5)
    both.stop()
    ingest = service.start("--clock", "stream", "--policy", policy, "--role", "ingest").wait_ready()
    service.produce(records(FIRST, FIRST + LOST + LAST), 1)
    until(lambda: service.end(service.topics.windows) >= (FIRST + LOST + LAST) * EVERY_MS // 10_000)
    delete_below(service, service.topics.windows, service.end(service.topics.windows) - 5)
    detect = service.start("--clock", "stream", "--policy", policy, "--role", "detect").wait_ready()
    until(lambda: missing(service) == {"without some of its blocks, which the log lost"})
    until(lambda: is_whole_again(service))
    (lost,) = [value for name, value in detect.metrics().items() if name.startswith("tidegate_lost_records_total{")]
    assert lost > 0
    ingest.stop()
    detect.stop()


def test_telemetry_that_was_made_anew_stops_the_worker_with_a_clear_error(service, policy):
    service.produce(records(0, FIRST), 1)
    worker = service.start("--clock", "stream", "--policy", policy).wait_ready()
    until(lambda: len(windows(service)) > 5)
    worker.stop()

    async def delete():
        async with service.kafka.admin() as admin:
            await admin.delete_topics([service.topics.telemetry])
            while service.topics.telemetry in await admin.list_topics():  # noqa: ASYNC110 (Kafka tells nobody)
                await asyncio.sleep(0.1)

    asyncio.run(delete())
    service.produce(records(0, 10), 1)
    again = service.start("--clock", "stream", "--policy", policy)
    assert again.process.wait(timeout=60) == 2
    assert f"telemetry/0 goes on at offset 0, and was read up to {FIRST}" in again.log.read_text()


async def test_decisions_that_nobody_read_are_named_and_a_log_without_its_end_is_refused(service, caplog):
    topic, told = service.topics.decisions, []
    tp = TopicPartition(topic, 0)
    await service.kafka.ensure(service.topics.declared())
    producer = await service.kafka.producer()
    for _ in range(5):
        await producer.send_and_wait(topic, b"x", partition=0)
    await producer.stop()
    losses = Losses(service.kafka, lambda *each: told.append(each))
    await losses.unread("group", topic)
    member = service.kafka.consumer(group_id="group")
    await member.start()
    member.assign([tp])
    await member.commit({tp: 2})
    await member.stop()
    await losses.unread("group", topic)
    assert told == []
    async with service.kafka.admin() as admin:
        await admin.delete_records({tp: RecordsToDelete(before_offset=4)})
    await losses.unread("group", topic)
    assert told == [(topic, 2)]
    assert f"{topic}/0 has lost its records 2 to 3" in caplog.text
    await losses.refuse_cut(topic, 5)
    with pytest.raises(BrokerError, match="goes on at offset 5, and was read up to 6"):
        await losses.refuse_cut(topic, 6)
