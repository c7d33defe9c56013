"""A broker that is gone for a while: nothing is lost, nothing is judged blindly, and the service goes on by itself."""

import json
import time

from tests.kafka.broker import Plan, running
from tests.kafka.service import service_on, until
from tests.kafka.traffic import usage

POLICY = """
version: 1
prices: {gpt-4o: {input_usd_per_mtok: 5, output_usd_per_mtok: 15}}
budgets: [{name: acme, scope: {tenant: acme}, amount_usd: 100, period: month}]
"""


def spend(number):
    at_ms = int(time.time() * 1000)
    record = usage(number, at_ms, "acme", event_id=f"down-{at_ms}-{number}", input_tokens=50_000, output_tokens=0)
    return at_ms, "acme", json.dumps(record).encode()


def spent(worker):
    return [each["spent_usd"] for each in worker.get("api/v1/budgets")]


def test_a_worker_outlives_a_restart_of_the_broker(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    with running(Plan(), tmp_path) as cluster, service_on(cluster.bootstrap, "", tmp_path) as service:
        service.create(2)
        worker = service.start("--policy", str(policy), "--worker-id", "w1").wait_ready()
        service.produce([spend(1)], 2)
        until(lambda: spent(worker) == ["0.25"], timeout_s=60)
        cluster.nodes[0].kill()
        time.sleep(15)
        assert worker.process.poll() is None, worker.log.read_text()
        assert worker.get("healthz")["status"] == "ok"
        cluster.nodes[0].start()
        cluster.wait_until_ready()
        service.produce([spend(2)], 2)
        until(lambda: spent(worker) == ["0.5"], timeout_s=120)
        worker.stop()
