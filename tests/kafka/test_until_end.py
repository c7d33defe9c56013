"""`run --until-end` on a real Kafka: the law of engine.md, and a recount that shares no code with the product."""

import asyncio
import json
import signal
from decimal import Decimal

import pytest

from streams.log.kafka import TopicPartition
from tests.kafka.service import service_on, until
from tests.kafka.traffic import traffic

RESULTS = ("anomalies.jsonl", "incidents.jsonl", "decisions.jsonl")
POLICY = """
version: 1
warm_up: {after: 2m, operations: 20}
prices: {gpt-4o: {input_usd_per_mtok: 2.5, output_usd_per_mtok: 10}}
unknown_price: {input_usd_per_mtok: 15, output_usd_per_mtok: 75}
budgets: [{name: acme, scope: {tenant: acme}, amount_usd: 5, period: day, thresholds: [0.5, 1.0]}]
routes: []
remedies: {budget_threshold: [{action: throttle, level: 1}]}
"""


@pytest.fixture(scope="module")
def service(kafka, tmp_path_factory):
    with service_on(kafka.bootstrap, "law.", tmp_path_factory.mktemp("law")) as service:
        service.produce(traffic(minutes=10, per_second=15, seed=3), 3)
        yield service


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    file = tmp_path_factory.mktemp("policy") / "policy.yaml"
    file.write_text(POLICY)
    return str(file)


@pytest.fixture(scope="module")
def answer(service, policy, tmp_path_factory):
    return service.until_end(tmp_path_factory.mktemp("run"), "--policy", policy)


@pytest.fixture(scope="module")
def recording(service, tmp_path_factory):
    file = tmp_path_factory.mktemp("recording") / "telemetry.tgr"
    done = service.tidegate("record", *service.kafka_options, "--until-end", "--out", str(file), "--json")
    assert done.returncode == 0, done.stderr
    return file


def same(one, other):
    return [(one / name).read_bytes() == (other / name).read_bytes() for name in RESULTS]


def test_something_was_found_and_decided(answer):
    assert all((answer / name).stat().st_size for name in RESULTS)


def test_replay_of_the_recording_gives_the_same_bytes(service, policy, answer, recording, tmp_path):
    done = service.tidegate("replay", str(recording), "--policy", policy, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert all(same(answer, tmp_path))
    figures = [json.loads((folder / "summary.json").read_text()) for folder in (answer, tmp_path)]
    for each in figures:
        del each["wall_seconds"], each["records_per_second"]
    assert figures[0] == figures[1]


def test_the_totals_are_those_of_a_recount(answer, recording, service, tmp_path):
    counted, known, assumed, tokens = set(), Decimal(0), Decimal(0), [0, 0]
    for partition in range(3):
        for raw in values_of(service, partition):
            try:
                record = json.loads(raw)
            except ValueError:
                continue
            if record["event_id"] in counted:
                continue
            counted.add(record["event_id"])
            given = (record["input_tokens"], record["output_tokens"])
            rates = ("2.5", "10") if record["model"] == "gpt-4o" else ("15", "75")
            cost = sum(n * Decimal(rate) for n, rate in zip(given, rates, strict=True)) / 1_000_000
            cost = cost.quantize(Decimal("1e-9"))
            known, assumed = (known + cost, assumed) if record["model"] == "gpt-4o" else (known, assumed + cost)
            tokens = [a + b for a, b in zip(tokens, given, strict=True)]
    found = json.loads((answer / "summary.json").read_text())
    assert (found["usage_records"], found["input_tokens"], found["output_tokens"]) == (len(counted), *tokens)
    assert (Decimal(found["cost_usd"]), Decimal(found["cost_usd_assumed"])) == (known, assumed)


def values_of(service, partition):
    async def read():
        tps = [TopicPartition(service.topics.telemetry, partition)]
        async with service.kafka.reading(tps) as consumer:
            return [record.value async for record in service.kafka.to_the_end(consumer, tps)]

    return asyncio.run(read())


def test_a_worker_that_is_killed_and_started_again_gives_the_same_bytes(kafka, policy, answer, service, tmp_path):
    with service_on(kafka.bootstrap, "killed.", tmp_path) as other:
        other.produce(traffic(minutes=10, per_second=15, seed=3), 3)
        for windows in (5, 25):
            worker = other.start("--until-end", "--out", str(tmp_path / "out"), "--policy", policy)
            worker.wait_ready()
            until(lambda w=windows, o=other: len(o.read(o.topics.anomalies)) > w, timeout_s=120)
            worker.kill()
        other.until_end(tmp_path / "out", "--policy", policy)
    assert all(same(answer, tmp_path / "out"))


def test_two_workers_that_share_the_work_give_the_same_bytes(kafka, policy, answer, tmp_path):
    with service_on(kafka.bootstrap, "shared.", tmp_path) as other:
        other.produce(traffic(minutes=10, per_second=15, seed=3), 3)
        workers = [other.start("--until-end", "--out", str(tmp_path / f"out{i}"), "--policy", policy) for i in range(2)]
        assert [worker.process.wait(timeout=240) for worker in workers] == [0, 0]
    assert all(same(answer, tmp_path / "out0"))
    assert all(same(answer, tmp_path / "out1"))


def test_a_record_that_is_no_usage_lands_in_the_dead_letters_as_it_was(service, answer):
    letters = service.read(service.topics.dead_letters)
    assert {letter.value for letter in letters} == {b"{bad"}
    headers = {name: text.decode() for name, text in letters[0].headers}
    assert headers["tidegate-reason"] == "not_json"
    assert letters[0].key.decode() == f"{headers['tidegate-topic']}/{headers['tidegate-partition']}/{headers['tidegate-offset']}"
    dead = json.loads((answer / "summary.json").read_text())["dead_letters"]
    assert dead == {"not_json": len({letter.key for letter in letters})}


def test_an_interrupted_run_says_nothing_and_leaves_no_half_files(kafka, policy, tmp_path):
    with service_on(kafka.bootstrap, "stopped.", tmp_path) as other:
        other.produce(traffic(minutes=2, per_second=15, seed=4), 1)
        worker = other.start("--policy", policy).wait_ready()
        worker.process.send_signal(signal.SIGINT)
        assert worker.process.wait(timeout=15) == 0
        assert "Traceback" not in worker.log.read_text()
