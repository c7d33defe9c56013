"""Receivers that fail at random for a while: nothing is lost, nothing is done twice."""

import random
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from actions.decision import Action, Decision, Reason
from actions.http_client import Deadlines, HttpClient
from actions.pagerduty import PagerDuty
from actions.quotas import Quota
from actions.sinks import sinks_of
from actions.token_bucket import TokenBucket
from actions.webhook import Webhook
from streams.demo.gateway import Gateway, gateway_app
from streams.demo.misbehaviour import Fault
from streams.demo.pagerduty_server import Pager, pagerduty_app
from streams.demo.serving import serving
from tests.actions.builders import NOW_MS, ROUTING_KEY, WEBHOOK_SECRET, Worker, decision, endpoint, throttle, worker
from tests.actions.test_perform import running

PAGER_FAULTS = [Fault.TOO_MANY, Fault.SERVER_ERROR, Fault.UNAVAILABLE, Fault.HANG, Fault.CLOSE, Fault.APPLY_THEN_CLOSE]
GATEWAY_FAULTS = [Fault.UNAVAILABLE, Fault.UNAVAILABLE, Fault.CLOSE, Fault.APPLY_THEN_CLOSE]


class Flaky:
    """A pager and a gateway, of whose answers a share goes wrong by a seed."""

    def __init__(self, pager: Pager, gateway: Gateway, one: Worker) -> None:
        self.pager = pager
        self.gateway = gateway
        self.worker = one

    def break_down(self, seed: int, share: float, calls: int = 60) -> None:
        chance = random.Random(seed)
        for script, faults in ((self.pager.script, PAGER_FAULTS), (self.gateway.script, GATEWAY_FAULTS)):
            script.then(*(chance.choice(faults) if chance.random() < share else None for _ in range(calls)))

    async def perform(self, decisions: list[Decision]) -> list[str]:
        async with running(self.worker):
            await self.worker.performer.propose(decisions)
            assert await self.worker.performer.drain(20)
        return sorted({each.outcome.value for each in self.worker.receipts})


@pytest.fixture
async def flaky() -> AsyncIterator[Flaky]:
    pager, gateway = Pager(), Gateway(live={"router": "v2"}, now_ms=lambda: NOW_MS)

    async def publish(_: Quota) -> None:
        return None

    deadlines = Deadlines(total_s=0.3, connect_s=0.2, read_s=0.2)
    async with (
        serving(pagerduty_app(pager)) as pages,
        serving(gateway_app(gateway, WEBHOOK_SECRET)) as hooks,
        HttpClient(deadlines) as client,
    ):
        at = endpoint("pager", f"{pages}/v2/enqueue", ROUTING_KEY)
        duty = PagerDuty(endpoint=at, client=client, monotonic=time.monotonic, bucket=TokenBucket(capacity=1000))
        hook = Webhook(endpoint=endpoint("hook", hooks + "/"), client=client)
        yield Flaky(pager, gateway, worker(sinks_of({"pager": duty, "hook": hook}, publish)))


@pytest.mark.parametrize("seed", range(3))
async def test_with_a_third_of_the_calls_failing_each_incident_has_one_alert(flaky: Flaky, seed: int):
    flaky.break_down(seed, 0.3)
    pages = [msgspec.structs.replace(decision(id=f"d{n}"), dedup_key=f"incident{n}") for n in range(30)]
    assert await flaky.perform(pages) == ["done"]
    assert sorted(alert.dedup_key for alert in flaky.pager.alerts) == sorted(page.dedup_key for page in pages)


@pytest.mark.parametrize("seed", range(3))
async def test_with_half_of_the_calls_failing_no_throttle_stays_stuck(flaky: Flaky, seed: int):
    flaky.break_down(seed, 0.5)
    taken = [msgspec.structs.replace(throttle(f"t{n}", via="hook"), target=f"tenant=t{n}") for n in range(15)]
    lifts = [
        decision(Action.LIFT_THROTTLE, id=f"l{n}", target=f"tenant=t{n}", reason=Reason.RELEASED, via="hook") for n in range(15)
    ]
    assert set(await flaky.perform(taken + lifts)) <= {"done", "skipped"}
    assert [flaky.gateway.quota(f"tenant=t{n}").level for n in range(15)] == [0] * 15
    assert max(flaky.gateway.effects.values()) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_with_half_of_the_calls_failing_a_rollback_has_one_effect(flaky: Flaky, seed: int):
    flaky.break_down(seed, 0.5, calls=10)
    assert await flaky.perform([decision(Action.ROLLBACK, id="r1", service="router", release="v2", baseline="v1")]) == ["done"]
    assert (flaky.gateway.effects, flaky.gateway.live) == ({"r1": 1}, {"router": "v1"})
