"""The service on a real Kafka in real time: history is not acted on, a fault of now is, and a standby takes over."""

import json
import time

import pytest

from tests.kafka.receivers import SECRETS, receivers
from tests.kafka.service import service_on, until
from tests.kafka.traffic import usage

POLICY = """
version: 1
mode: act
prices: {gpt-4o: {input_usd_per_mtok: 5, output_usd_per_mtok: 15}}
budgets:
  - {name: old, scope: {tenant: acme}, amount_usd: 1, period: month}
  - {name: new, scope: {tenant: globex}, amount_usd: 1, period: month}
detectors: {budget_burn: {enabled: false}, telemetry_silence: {enabled: false}}
"""


@pytest.fixture
def received():
    with receivers() as received:
        yield received


@pytest.fixture
def service(kafka, topic_prefix, tmp_path):
    with service_on(kafka.bootstrap, topic_prefix, tmp_path) as service:
        yield service


@pytest.fixture
def policy(tmp_path, received):
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY + received.policy_lines())
    return str(file)


def spend(tenant, at_ms, usd, *, number=0):
    record = usage(number, at_ms, tenant, event_id=f"{tenant}-{at_ms}-{number}", input_tokens=int(usd * 200_000), output_tokens=0)
    return at_ms, tenant, json.dumps(record).encode()


def now_ms():
    return int(time.time() * 1000)


def budgets(worker):
    return {each["name"]: each["spent_usd"] for each in worker.get("api/v1/budgets")}


def receipts(service):
    return [json.loads(record.value) for record in service.read(service.topics.receipts)]


def test_history_is_learnt_from_and_not_acted_on_and_what_follows_is(service, policy, received):
    past = now_ms() - 600_000
    service.produce([spend("acme", past + i * 1000, 0.2, number=i) for i in range(10)], 2)
    worker = service.start("--policy", policy, "--worker-id", "w1", **SECRETS).wait_ready()
    until(lambda: budgets(worker)["old"] == "2")
    until(lambda: not worker.get("api/v1/status")["catching_up"])
    service.produce([spend("globex", now_ms(), 2)], 2)
    until(lambda: received.said() == ["trigger"], timeout_s=60)
    assert "globex" in json.dumps(received.pager.accepted[0])
    assert {"catch_up"} == {each["reason"] for each in receipts(service) if each["reason"] not in {"", "no_receiver"}}
    worker.stop()


def test_a_standby_takes_over_and_loses_nothing(service, policy):
    service.create(2)
    first = service.start("--policy", policy, "--worker-id", "w1", **SECRETS).wait_ready()
    service.produce([spend("acme", now_ms(), 0.25)], 2)
    until(lambda: budgets(first)["old"] == "0.25", timeout_s=60)
    second = service.start("--policy", policy, "--worker-id", "w2", **SECRETS).wait_ready()
    service.produce([spend("acme", now_ms(), 0.25)], 2)
    first.kill()
    service.produce([spend("acme", now_ms(), 0.25)], 2)
    until(lambda: budgets(second)["old"] == "0.75", timeout_s=90)
    second.stop()


def test_roles_apart_do_what_one_worker_does(service, policy, received):
    service.create(2)
    roles = [service.start("--policy", policy, "--role", role, **SECRETS).wait_ready() for role in ("ingest", "detect", "act")]
    service.produce([spend("globex", now_ms(), 2)], 2)
    until(lambda: received.said() == ["trigger"], timeout_s=60)
    assert all(budgets(worker)["new"] == "2" for worker in roles)
    for worker in roles:
        worker.stop()


def test_two_living_workers_of_one_id_stop_with_a_clear_error(service, policy):
    service.create(2)
    workers = [service.start("--policy", policy, "--role", "ingest", "--worker-id", "same", **SECRETS) for _ in range(2)]
    until(lambda: any(worker.process.poll() is not None for worker in workers), timeout_s=90)
    ended = next(worker for worker in workers if worker.process.poll() is not None)
    assert ended.process.returncode == 2
    assert "another living worker has the id same" in ended.log.read_text()
