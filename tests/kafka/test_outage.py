"""Half an hour without Tidegate: it catches up, and does nothing about what is over or on evidence older than 120 s."""

import json
import time

import pytest

from detectors.canonical import parse_time
from streams.log.snapshot import partition_of
from tests.kafka.receivers import SECRETS, receivers
from tests.kafka.service import service_on, until
from tests.kafka.traffic import usage

POLICY = """
version: 1
mode: act
prices: {gpt-4o: {input_usd_per_mtok: 5, output_usd_per_mtok: 15}}
budgets: [{name: globex, scope: {tenant: globex}, amount_usd: 1, period: month}]
remedies: {budget_threshold: [{action: throttle, level: 1, target: tenant, hold: 30s}]}
detectors: {budget_burn: {enabled: false}, telemetry_silence: {enabled: false}}
"""
MINUTE_MS = 60_000


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
    routes = received.policy_lines().replace("severity: error", "severity: warning")
    file.write_text(POLICY + routes)
    return str(file)


def steady(first_ms, last_ms, **fields):
    for number, at_ms in enumerate(range(first_ms, last_ms, 5_000)):
        record = usage(number, at_ms, "acme", event_id=f"{at_ms}-{fields}", **fields)
        yield at_ms, "acme", json.dumps(record).encode()


def breach(at_ms):
    record = usage(0, at_ms, "globex", event_id=f"breach-{at_ms}", input_tokens=400_000, output_tokens=0)
    return at_ms, "globex", json.dumps(record).encode()


def decisions(service):
    return {each["id"]: each for each in (json.loads(record.value) for record in service.read(service.topics.decisions))}


def receipts(service):
    return [json.loads(record.value) for record in service.read(service.topics.receipts)]


def acted(service):
    """Whether a worker that acts has left a snapshot: the next one is no first start then."""
    kept = service.read(service.topics.state, partition=partition_of("act"))
    return any(record.key.startswith(b"act/") and record.key.endswith(b"/manifest") for record in kept)


def test_nothing_acts_on_evidence_of_the_outage_but_what_still_lasts_is_paged(service, policy, received):
    now_ms = int(time.time() * 1000)
    service.produce(steady(now_ms - 45 * MINUTE_MS, now_ms - 35 * MINUTE_MS), 2)
    before = service.start("--policy", policy, "--clock", "stream", **SECRETS).wait_ready()
    until(lambda: len(service.read(service.topics.anomalies)) > 50)
    until(lambda: acted(service))
    before.stop()

    unknown = steady(now_ms - 25 * MINUTE_MS, now_ms - 24 * MINUTE_MS, model="nobody-knows")
    outage = [*steady(now_ms - 35 * MINUTE_MS, now_ms), *unknown, breach(now_ms - 20 * MINUTE_MS)]
    service.produce(sorted(outage), 2)
    worker = service.start("--policy", policy, **SECRETS).wait_ready()
    until(received.said, timeout_s=120)
    until(lambda: decisions(service).keys() == {each["decision_id"] for each in receipts(service)}, timeout_s=90)

    assert received.said() == ["trigger"]
    assert "globex" in json.dumps(received.pager.accepted[0])
    told = decisions(service)
    over = [each for each in told.values() if "nobody-knows" in json.dumps(each["params"])]
    assert {each["reason"] for each in over} >= {"opened", "resolved"}
    skipped = {each["decision_id"] for each in receipts(service) if (each["outcome"], each["reason"]) == ("skipped", "stale")}
    assert {each["id"] for each in over} <= skipped
    done = [told[each["decision_id"]] | {"at": each["at"]} for each in receipts(service) if each["outcome"] == "done"]
    assert all(parse_time(each["at"]) - parse_time(each["ts"]) <= 120_000 for each in done if each["action"] == "throttle")
    worker.stop()
