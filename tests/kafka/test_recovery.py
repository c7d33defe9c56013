"""Workers that come, go, stand still and lose their state: the answer stays that of a replay, byte for byte."""

import asyncio
import signal

import pytest

from streams.log.append import Appender, Record
from streams.log.kafka import TopicPartition
from streams.log.topics import STATE_PARTITIONS
from streams.log.wire import Assembly, record_of
from tests.kafka.service import service_on, until
from tests.kafka.traffic import traffic

RESULTS = ("anomalies.jsonl", "incidents.jsonl", "decisions.jsonl")
POLICY = """
version: 1
warm_up: {after: 2m, operations: 20}
prices: {gpt-4o: {input_usd_per_mtok: 2.5, output_usd_per_mtok: 10}}
budgets: [{name: acme, scope: {tenant: acme}, amount_usd: 5, period: day, thresholds: [0.5, 1.0]}]
routes: []
remedies: {budget_threshold: [{action: throttle, level: 1}]}
"""
PARTITIONS = 3


def records():
    return traffic(minutes=20, per_second=15, seed=3)


@pytest.fixture
def service(kafka, topic_prefix, tmp_path):
    with service_on(kafka.bootstrap, topic_prefix, tmp_path) as service:
        service.produce(records(), PARTITIONS)
        yield service


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    file = tmp_path_factory.mktemp("policy") / "policy.yaml"
    file.write_text(POLICY)
    return str(file)


@pytest.fixture(scope="module")
def expected(kafka, policy, tmp_path_factory):
    """What a replay of the same topic says."""
    folder = tmp_path_factory.mktemp("expected")
    with service_on(kafka.bootstrap, "expected.", folder) as service:
        service.produce(records(), PARTITIONS)
        topic = f"kafka://{kafka.bootstrap}/{service.topics.telemetry}?from=earliest&to=latest"
        done = service.tidegate("replay", topic, "--policy", policy, "--out", str(folder))
        assert done.returncode == 0, done.stderr
    return said(folder)


def said(folder):
    return [(folder / name).read_bytes() for name in RESULTS]


def judged(service):
    return len(service.read(service.topics.anomalies))


def start(service, policy, out):
    return service.start("--until-end", "--out", str(out), "--policy", policy)


def state(service):
    """What the state topic holds now, by partition."""

    async def read():
        tps = [TopicPartition(service.topics.state, number) for number in range(STATE_PARTITIONS)]
        async with service.kafka.reading(tps) as consumer:
            return [record async for record in service.kafka.to_the_end(consumer, tps)]

    latest = {(record.partition, record.key): record.value for record in asyncio.run(read())}
    return {place: value for place, value in latest.items() if value is not None}


def write(service, changed):
    async def append():
        appender = Appender(service.kafka)
        await appender.start()
        for (partition, key), value in changed.items():
            await appender.append(service.topics.state, [Record(key, value)], partition=partition)
        await appender.stop()

    asyncio.run(append())


DAMAGE = {
    "chunks_are_cut_short": lambda key, value: value if key.endswith(b"/manifest") else value[: len(value) // 2],
    "a_bit_of_each_manifest_is_flipped": lambda key, value: (
        bytes([value[0] ^ 4, *value[1:]]) if key.endswith(b"/manifest") else value
    ),
    "chunks_are_gone": lambda key, value: value if key.endswith(b"/manifest") else None,
    "manifests_are_gone": lambda key, value: None if key.endswith(b"/manifest") else value,
    "a_newer_version_wrote_them": lambda key, value: b'{"format": 99}' if key.endswith(b"/manifest") else value,
}
SAID = {
    "chunks_are_cut_short": "is not what its name says",
    "a_bit_of_each_manifest_is_flipped": "manifest cannot be read",
    "chunks_are_gone": "is missing",
    "manifests_are_gone": "it has chunks and no manifest",
    "a_newer_version_wrote_them": "format 99 of a newer version of Tidegate",
}


@pytest.mark.parametrize(
    "damage", [each if each == "chunks_are_cut_short" else pytest.param(each, marks=pytest.mark.long) for each in DAMAGE]
)
def test_state_that_cannot_be_used_is_noticed_and_rebuilt_from_the_log(service, policy, expected, tmp_path, damage):
    worker = service.start("--clock", "stream", "--policy", policy).wait_ready()
    until(lambda: judged(service) > 50)
    worker.stop()
    whole = state(service)
    write(service, {place: DAMAGE[damage](place[1], value) for place, value in whole.items()})
    again = start(service, policy, tmp_path / "out")
    seen = []

    def unusable():
        if again.process.poll() is None and not seen:
            try:
                figures = again.metrics()
            except OSError:
                return again.process.poll() is not None
            seen.extend(name for name, value in figures.items() if name.startswith("tidegate_snapshots_unusable") and value)
        return again.process.poll() is not None

    until(unusable, timeout_s=240)
    assert again.process.returncode == 0, again.log.read_text()
    assert said(tmp_path / "out") == expected
    log = again.log.read_text()
    assert SAID[damage] in log
    keys = {key.rsplit(b"/", 2)[0].decode() for _, key in whole if key.endswith(b"/manifest")}
    assert {"detect", "act"} < keys
    assert all(f"a snapshot of {key}" in log for key in keys)
    assert seen


@pytest.mark.long
def test_workers_that_join_and_leave_give_the_answer_of_a_replay(service, policy, expected, tmp_path):
    first = start(service, policy, tmp_path / "out0").wait_ready()
    until(lambda: judged(service) > 5)
    others = [start(service, policy, tmp_path / f"out{number}") for number in (1, 2)]
    until(lambda: judged(service) > 15)
    first.stop()
    until(lambda: judged(service) > 25)
    others[0].kill()
    assert others[1].process.wait(timeout=240) == 0, others[1].log.read_text()
    assert said(tmp_path / "out2") == expected


def blocks(service):
    """Bytes of every block in the order of the log, by (partition, chunk, upto)."""
    assembly, found = Assembly(), {}
    for record in service.read(service.topics.windows):
        arrived = assembly.add(record.offset, record_of(record.key, record.value, record.headers))
        if arrived is not None:
            found.setdefault(record.key, set()).add(record.value)
    return found


def test_a_worker_that_wakes_up_after_its_session_writes_only_what_was_written(service, policy, expected, tmp_path):
    zombie = start(service, policy, tmp_path / "zombie").wait_ready()
    until(lambda: judged(service) > 10)
    zombie.process.send_signal(signal.SIGSTOP)
    second = start(service, policy, tmp_path / "second")
    assert second.process.wait(timeout=240) == 0, second.log.read_text()
    assert said(tmp_path / "second") == expected
    known = blocks(service)
    zombie.process.send_signal(signal.SIGCONT)
    assert zombie.process.wait(timeout=240) in (0, 2), zombie.log.read_text()
    after = blocks(service)
    assert all(len(values) == 1 for values in after.values())
    assert after.keys() == known.keys()
    assert said(service.until_end(tmp_path / "third", "--policy", policy)) == expected


def test_a_partition_that_runs_ahead_waits_and_the_answer_is_the_same(service, policy, tmp_path):
    """A quarter of an hour fits into one fetch of the partition that has little to say."""
    busy = list(traffic(minutes=15, per_second=45, seed=3))
    sparse = [(at_ms, "sparse", value) for at_ms, _, value in busy[::200]]
    with service_on(service.kafka.settings.bootstrap[0], "ahead." + service.topics.prefix, tmp_path) as other:
        other.produce([*busy, *sparse], 4)
        worker = start(other, policy, tmp_path / "out")
        assert worker.process.wait(timeout=240) == 0, worker.log.read_text()
        topic = f"kafka://{other.kafka.settings.bootstrap[0]}/{other.topics.telemetry}?from=earliest&to=latest"
        done = other.tidegate("replay", topic, "--policy", policy, "--out", str(tmp_path / "replayed"))
        assert done.returncode == 0, done.stderr
    assert said(tmp_path / "out") == said(tmp_path / "replayed")
