"""A recorded stream on a real Kafka -> pages, throttles and a rollback at local receivers, in the time of the stream."""

import json

import pytest

from streams.__main__ import run
from tests.kafka.receivers import SECRETS, receivers
from tests.kafka.service import service_on, until
from tests.prometheus.server import scraping

SCENARIO = """
version: 1
name: acting
seed: 5
start: 2026-03-02T08:00:00Z
duration: 25m
tenants:
  - {name: acme, operations_per_s: 3}
  - {name: globex, operations_per_s: 3}
  - {name: umbrella, operations_per_s: 3}
faults:
  - {kind: retry_storm, at: 8m, for: 3m, scope: {tenant: umbrella}, amplification: 4}
  - {kind: canary_regression, at: 12m, for: 8m, service: chat-api, release: v2, baseline: v1, traffic_share: 0.4, cost_factor: 4}
"""
POLICY = """
version: 1
mode: act
warm_up: {after: 5m, operations: 20}
safety: {calm: 60s, lease: 2m}
detectors: {telemetry_silence: {enabled: false}}
remedies:
  retry_storm: [{action: throttle, level: 2, target: tenant, hold: 30s}]
  canary_regression: [{action: rollback}]
canary: {targets: {chat-api: rollouts}}
"""
TOKEN = {"TIDEGATE_OPERATE_TOKEN": "operate-operate-1234"}


@pytest.fixture(scope="module")
def received():
    with receivers() as received:
        yield received


@pytest.fixture(scope="module")
def policy(received, tmp_path_factory):
    file = tmp_path_factory.mktemp("policy") / "policy.yaml"
    file.write_text(POLICY + received.policy_lines())
    return str(file)


@pytest.fixture(scope="module")
def service(kafka, tmp_path_factory):
    folder = tmp_path_factory.mktemp("acting")
    (folder / "s.yaml").write_text(SCENARIO)
    with service_on(kafka.bootstrap, "acting.", folder) as service:
        to = ["--bootstrap", kafka.bootstrap, "--topic", service.topics.telemetry, "--partitions", "3"]
        assert run(["simulate", str(folder / "s.yaml"), *to]) == 0
        yield service


@pytest.fixture(scope="module")
def worker(service, policy, received):
    worker = service.start("--clock", "stream", "--policy", policy, "--worker-id", "w1", **SECRETS, **TOKEN).wait_ready()
    until(lambda: received.said().count("resolve") == 2, timeout_s=180)
    return worker


def decisions(service):
    return [json.loads(record.value) for record in service.read(service.topics.decisions) if record.value]


def receipts(service):
    return {each["decision_id"]: each for each in (json.loads(r.value) for r in service.read(service.topics.receipts))}


def test_each_incident_pages_once_and_is_resolved_under_its_key(worker, received):
    assert received.said() == ["trigger", "resolve", "trigger", "resolve"]
    keys = [event["dedup_key"] for event in received.pager.accepted]
    assert keys[0] == keys[1] != keys[2] == keys[3]
    assert all(event["routing_key"] == SECRETS["PD_KEY"] for event in received.pager.accepted)


def test_the_throttle_appears_and_goes_step_by_step(worker, service):
    quotas = [json.loads(record.value) for record in service.read(service.topics.quotas)]
    assert {quota["scope"] for quota in quotas} == {"tenant=umbrella"}
    levels = [quota["level"] for quota in quotas]
    assert levels[0] == 2
    assert levels[-2:] == [1, 0]
    assert [quota["fence"] for quota in quotas] == sorted({quota["fence"] for quota in quotas})
    assert worker.get("api/v1/quotas/tenant=umbrella")["level"] == 0


def test_the_rollback_fires_once_with_a_good_signature(worker, received, service):
    rollbacks = [each for each in decisions(service) if each["action"] == "rollback"]
    assert len(rollbacks) == len(received.hooked) == 1
    assert receipts(service)[rollbacks[0]["id"]]["outcome"] == "done"


def test_every_decision_has_a_receipt(worker, service):
    until(lambda: {each["id"] for each in decisions(service)} == receipts(service).keys())


def test_the_audit_is_whole_and_shows_an_edited_line(worker, service, tmp_path):
    done = service.tidegate("audit", "verify", *service.kafka_options, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    file = tmp_path / "audit.jsonl"
    assert service.tidegate("audit", "export", *service.kafka_options, "--out", str(file)).returncode == 0
    file.write_bytes(file.read_bytes().replace(b'"page"', b'"none"', 1))
    assert service.tidegate("audit", "verify", "--file", str(file)).returncode == 1


def test_the_commands_show_and_explain(worker, service):
    found = json.loads(service.tidegate("incidents", "--url", worker.url, "--json").stdout)
    assert [each["severity"] for each in found] == ["critical", "critical"]
    story = json.loads(service.tidegate("why", found[0]["id"][:10], "--url", worker.url, "--json").stdout)
    assert story["anomalies"]
    assert story["decisions"]
    shown = service.tidegate("status", "--url", worker.url)
    assert "act" in shown.stdout, shown.stderr


@pytest.mark.parametrize("way", ["http", "kafka"])
def test_a_freeze_reaches_the_worker_within_two_seconds(worker, service, way):
    to = ["--url", worker.url] if way == "http" else service.kafka_options
    token = {"TIDEGATE_TOKEN": TOKEN["TIDEGATE_OPERATE_TOKEN"]}
    assert service.tidegate("freeze", *to, "--reason", "a test", **token).returncode == 0
    until(lambda: worker.metrics()["tidegate_frozen"] == 1, timeout_s=2)
    assert "a test" in worker.get("api/v1/status")["frozen"]
    assert service.tidegate("freeze", "--off", *to, **token).returncode == 0
    until(lambda: worker.metrics()["tidegate_frozen"] == 0, timeout_s=2)


def test_without_a_token_nothing_is_changed(worker, service):
    done = service.tidegate("freeze", "--url", worker.url, TIDEGATE_TOKEN="")
    assert done.returncode == 2
    assert "token" in done.stderr


def test_prometheus_scrapes_the_figures(worker, tmp_path):
    with scraping({"tidegate": int(worker.url.rpartition(":")[2])}, tmp_path) as prometheus:
        assert prometheus.wait_for("sum(tidegate_records_total) > 10000")
        assert prometheus.wait_for('tidegate_receipts_total{action="rollback",outcome="done"} == 1')
        assert prometheus.wait_for("count(tidegate_watermark_age_seconds) == 3")


def test_a_restart_is_quick_and_repeats_nothing(worker, service, policy, received):
    before = len(service.read(service.topics.receipts))
    assert worker.stop() < 10
    again = service.start("--clock", "stream", "--policy", policy, "--worker-id", "w1", **SECRETS).wait_ready()
    until(lambda: again.get("api/v1/status")["mode"] == "act")
    assert again.get("api/v1/quotas/tenant=umbrella")["level"] == 0
    assert len(received.pager.accepted) == 4
    assert len(received.hooked) == 1
    assert len(service.read(service.topics.receipts)) == before
    again.stop()


def test_a_stream_clock_is_refused_with_receivers_elsewhere(service, tmp_path):
    far = tmp_path / "far.yaml"
    receiver = '{name: x, type: webhook, url: "https://example.com/hook", key_env: HOOK_KEY}'
    far.write_text(f"version: 1\nreceivers: [{receiver}]\n")
    done = service.tidegate("run", *service.kafka_options, "--clock", "stream", "--policy", str(far), **SECRETS)
    assert done.returncode == 2
    assert "loopback" in done.stderr
