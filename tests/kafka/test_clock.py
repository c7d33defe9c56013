"""A worker whose clock is set while it works: windows are those of the log, and nothing is taken away on its word."""

import json
import time

import pytest

from tests.faults.skewed import new_clock, set_clock
from tests.kafka.service import service_on, until
from tests.kafka.traffic import usage

POLICY = """
version: 1
mode: act
safety: {lease: 30s}
prices: {gpt-4o: {input_usd_per_mtok: 5, output_usd_per_mtok: 15}}
budgets:
  - {name: first, scope: {tenant: first}, amount_usd: 1, period: month}
  - {name: second, scope: {tenant: second}, amount_usd: 1, period: month}
remedies: {budget_threshold: [{action: throttle, level: 1, target: tenant, hold: 30s}]}
detectors: {budget_burn: {enabled: false}, telemetry_silence: {enabled: false}}
"""


@pytest.fixture
def service(kafka, topic_prefix, tmp_path):
    with service_on(kafka.bootstrap, topic_prefix, tmp_path) as service:
        yield service


@pytest.fixture
def clock(tmp_path):
    return new_clock(tmp_path / "clock")


@pytest.fixture
def worker(service, clock, tmp_path):
    """A worker that has come to work, with one record of long enough ago that acting on it is no catching up."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    service.program = ("-m", "tests.faults.skewed", str(clock), "run")
    service.create(2)
    worker = service.start("--policy", str(policy), "--log-level", "info").wait_ready()
    spend(service, "somebody", 0.1)
    until(lambda: judged(service) and not worker.get("api/v1/status")["catching_up"])
    return worker


def spend(service, tenant, usd):
    """One record now."""
    at_ms = int(time.time() * 1000)
    record = usage(0, at_ms, tenant, event_id=f"{tenant}-{at_ms}", input_tokens=int(usd * 200_000), output_tokens=0)
    service.produce([(at_ms, tenant, json.dumps(record).encode())], 2)


def judged(service):
    """Ends of judged windows, in order."""
    return [r.key.removeprefix(b"window/").decode() for r in service.read(service.topics.anomalies) if not r.value]


def anomalies(service):
    return [json.loads(record.value) for record in service.read(service.topics.anomalies) if record.value]


def throttled(service, tenant):
    """(outcome, reason) of the first throttle of a tenant."""
    decided = [json.loads(r.value) for r in service.read(service.topics.decisions)]
    ids = [each["id"] for each in decided if each["action"] == "throttle" and each["target"] == f"tenant={tenant}"]
    received = [json.loads(r.value) for r in service.read(service.topics.receipts)]
    return [(each["outcome"], each["reason"]) for each in received if each["decision_id"] in ids[:1]]


def now_text(ahead_s=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ahead_s))


@pytest.mark.parametrize("ahead_s", [20, pytest.param(300, marks=pytest.mark.long)])
def test_a_clock_that_jumps_ahead_judges_no_window_before_its_time_and_takes_nothing_away(service, worker, clock, ahead_s):
    set_clock(clock, ahead_s * 1000)
    seen = len(judged(service))
    until(lambda: len(judged(service)) > seen + 1, timeout_s=60)
    assert judged(service)[-1] < now_text()
    spend(service, "first", 2)
    until(lambda: [each for each in anomalies(service) if each["scope"] == {"tenant": "first"}])
    until(lambda: throttled(service, "first"))
    assert throttled(service, "first") in ([("skipped", "stale")], [("skipped", "blind")])
    worker.stop()


def test_a_clock_that_jumps_back_lets_no_throttle_outlive_its_lease(service, worker, clock):
    spend(service, "first", 2)
    until(lambda: throttled(service, "first") == [("done", "")])
    until_text = worker.get("api/v1/quotas/tenant=first")["until"]
    set_clock(clock, -600_000)
    spend(service, "second", 2)
    until(lambda: throttled(service, "second"))
    assert throttled(service, "second") == [("skipped", "stale")]
    until(lambda: now_text() > until_text, timeout_s=90)
    assert worker.get("api/v1/quotas/tenant=first")["level"] == 0
    worker.stop()
