"""A source partition loses its leader: it is named within a minute, everything else goes on, and nothing of it is lost."""

import asyncio
import json
import time

import pytest

from tests.kafka.broker import Plan, running
from tests.kafka.receivers import SECRETS, receivers
from tests.kafka.service import service_on, until
from tests.kafka.topics import create_topics
from tests.kafka.traffic import usage

POLICY = """
version: 1
mode: act
prices: {gpt-4o: {input_usd_per_mtok: 5, output_usd_per_mtok: 15}}
budgets:
  - {name: seen, scope: {tenant: seen}, amount_usd: 1, period: month}
  - {name: unseen, scope: {tenant: unseen}, amount_usd: 100, period: month}
detectors: {budget_burn: {enabled: false}}
"""
NAMED_S = 60.0


def spend(tenant, usd):
    at_ms = int(time.time() * 1000)
    return at_ms, json.dumps(
        usage(0, at_ms, tenant, event_id=f"{tenant}-{at_ms}", input_tokens=int(usd * 200_000), output_tokens=0)
    )


async def send(service, partition, tenant, usd):
    producer = await service.kafka.producer()
    at_ms, value = spend(tenant, usd)
    await producer.send_and_wait(service.topics.telemetry, value.encode(), tenant.encode(), partition=partition, timestamp_ms=at_ms)
    await producer.stop()


async def leader_of(service, partition):
    async with service.kafka.admin() as admin:
        (topic,) = await admin.describe_topics([service.topics.telemetry])
    return next(each["leader"] for each in topic["partitions"] if each["partition"] == partition)


def spent(worker):
    return {each["name"]: each["spent_usd"] for each in worker.get("api/v1/budgets")}


def anomalies(service):
    return [json.loads(record.value) for record in service.read(service.topics.anomalies) if record.value]


@pytest.fixture(scope="module")
def received():
    with receivers() as received:
        yield received


def test_a_partition_without_a_leader_is_named_and_the_others_are_judged(tmp_path, received):
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY + received.policy_lines())
    with running(Plan(brokers=3), tmp_path) as cluster, service_on(cluster.bootstrap, "", tmp_path) as service:
        asyncio.run(create_topics(cluster.bootstrap, {service.topics.telemetry: 2}))
        worker = service.start("--policy", str(policy), "--worker-id", "w1", **SECRETS).wait_ready()
        asyncio.run(send(service, 0, "seen", 0.25))
        asyncio.run(send(service, 1, "unseen", 0.25))
        until(lambda: spent(worker) == {"seen": "0.25", "unseen": "0.25"}, timeout_s=90)
        node = cluster.nodes[asyncio.run(leader_of(service, 1)) - 1]
        until(lambda: not worker.get("api/v1/status")["catching_up"])

        node.kill()
        lost_s = time.monotonic()
        until(lambda: worker.metrics()["tidegate_blind"] == 1, timeout_s=NAMED_S)
        until(lambda: "source partition 1 is without a leader" in worker.get("api/v1/status")["blind"], timeout_s=NAMED_S)
        assert time.monotonic() - lost_s < NAMED_S
        assert worker.get("readyz")["ready"]
        until(lambda: received.said() == ["trigger"], timeout_s=15)
        assert "partition 1" in json.dumps(received.pager.accepted[0])

        asyncio.run(send(service, 0, "seen", 1))
        until(lambda: spent(worker)["seen"] == "1.25", timeout_s=60)
        (rise,) = [each for each in anomalies(service) if each["detector"] == "budget_threshold"]
        assert rise["evidence"]["incomplete"] == ["1"]

        node.start()
        cluster.wait_until_ready()
        asyncio.run(send(service, 1, "unseen", 0.5))
        until(lambda: spent(worker)["unseen"] == "0.75", timeout_s=120)
        until(lambda: worker.get("api/v1/status")["blind"] == "", timeout_s=60)
        assert "source partition 1 is seen again" in worker.log.read_text()
        worker.stop()
