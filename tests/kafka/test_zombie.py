"""The worker that acts is stopped while a throttle waits for a person, another takes over, and it wakes up: one effect."""

import json
import signal
import time
import urllib.request

import pytest

from tests.kafka.service import service_on, until
from tests.kafka.traffic import usage

POLICY = """
version: 1
mode: approve
prices: {gpt-4o: {input_usd_per_mtok: 5, output_usd_per_mtok: 15}}
budgets: [{name: globex, scope: {tenant: globex}, amount_usd: 1, period: month}]
remedies: {budget_threshold: [{action: throttle, level: 1, target: tenant, hold: 30s}]}
detectors: {budget_burn: {enabled: false}, telemetry_silence: {enabled: false}}
"""
TOKEN = "operate-operate-1234"
OVER_THE_SESSION_S = 12.0


@pytest.fixture
def service(kafka, topic_prefix, tmp_path):
    with service_on(kafka.bootstrap, topic_prefix, tmp_path) as service:
        yield service


def spend(tenant, usd):
    at_ms = int(time.time() * 1000)
    record = usage(0, at_ms, tenant, event_id=f"{tenant}-{at_ms}", input_tokens=int(usd * 200_000), output_tokens=0)
    return at_ms, tenant, json.dumps(record).encode()


def values(service, topic):
    return [json.loads(record.value) for record in service.read(topic) if record.value]


def throttles(service):
    """Every receipt of the first throttle, in order."""
    taken = [each["id"] for each in values(service, service.topics.decisions) if each["action"] == "throttle"]
    return [each for each in values(service, service.topics.receipts) if taken and each["decision_id"] == taken[0]]


def post(worker, path, **body):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{worker.url}/api/v1/{path}", json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def test_a_throttle_that_waited_is_taken_once_and_not_by_the_worker_that_woke_up(service, tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    options = ["--policy", str(policy)]
    service.create(1)
    first = service.start(*options, TIDEGATE_OPERATE_TOKEN=TOKEN).wait_ready()
    service.produce([spend("acme", 0.1)], 1)
    until(lambda: service.read(service.topics.anomalies) and not first.get("api/v1/status")["catching_up"])
    service.produce([spend("globex", 2)], 1)
    until(lambda: [each["outcome"] for each in throttles(service)] == ["pending_approval"], timeout_s=90)

    first.process.send_signal(signal.SIGSTOP)
    stopped_s = time.monotonic()
    second = service.start(*options, TIDEGATE_OPERATE_TOKEN=TOKEN).wait_ready()
    until(lambda: time.monotonic() - stopped_s > OVER_THE_SESSION_S)
    assert post(second, "approve", decision_id=throttles(service)[0]["decision_id"]) in (200, 202)
    until(lambda: len(throttles(service)) == 2, timeout_s=90)
    assert [(each["outcome"], each["reason"]) for each in throttles(service)][-1] == ("done", "")
    fence = second.get("api/v1/quotas/tenant=globex")["fence"]

    first.process.send_signal(signal.SIGCONT)
    until(lambda: first.get("api/v1/quotas/tenant=globex")["fence"] == fence)
    until(lambda: time.monotonic() - stopped_s > 2 * OVER_THE_SESSION_S)
    assert [each["outcome"] for each in throttles(service)] == ["pending_approval", "done"]
    first_taken = throttles(service)[0]["decision_id"]
    quotas = [each for each in values(service, service.topics.quotas) if each["decision_id"] == first_taken]
    assert [each["fence"] for each in quotas] == [fence]
    claims = [
        each for each in values(service, service.topics.ledger) if each["kind"] == "claim" and each["decision_id"] == first_taken
    ]
    assert len({each["worker"] for each in claims}) == 1
    second.stop()
