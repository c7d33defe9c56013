import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest

from actions.decision import Action, Reason
from actions.gates import World
from actions.http_client import Deadlines, HttpClient
from actions.ledger import Claim, Proposed, Settled, encode_record
from actions.ledger_log import LedgerUnavailableError, MemoryLedger
from actions.pagerduty import PagerDuty
from actions.policy.model import Mode
from actions.quotas import Quota
from actions.sinks import Sinks, sinks_of
from actions.webhook import Webhook
from streams.demo.gateway import Gateway, gateway_app
from streams.demo.misbehaviour import Fault
from streams.demo.pagerduty_server import Pager, pagerduty_app
from streams.demo.serving import serving
from tests.actions.builders import QUICK, ROUTING_KEY, WEBHOOK_SECRET, Worker, decision, endpoint, throttle, until, worker

SHORT = Deadlines(total_s=0.3, connect_s=0.2, read_s=0.2)


class Place:
    """A pager, a gateway, and the sinks that reach them."""

    def __init__(self, sinks: Sinks, pager: Pager, gateway: Gateway, published: list[Quota]) -> None:
        self.sinks = sinks
        self.pager = pager
        self.gateway = gateway
        self.published = published


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    pager, gateway, published = Pager(), Gateway(live={"router": "v2"}, now_ms=lambda: 1_700_000_000_000), []

    async def publish(quota: Quota) -> None:
        published.append(quota)

    async with (
        serving(pagerduty_app(pager)) as pages,
        serving(gateway_app(gateway, WEBHOOK_SECRET)) as hooks,
        HttpClient(SHORT) as client,
    ):
        duty = PagerDuty(endpoint=endpoint("pager", f"{pages}/v2/enqueue", ROUTING_KEY), client=client, monotonic=time.monotonic)
        hook = Webhook(endpoint=endpoint("hook", hooks + "/"), client=client)
        yield Place(sinks_of({"pager": duty, "hook": hook}, publish), pager, gateway, published)


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        for each in workers:
            group.create_task(each.performer.run())
        yield
        for each in workers:
            each.performer.stop()


async def performed(place: Place, *decisions, **settings) -> Worker:
    one = worker(place.sinks, **settings)
    async with running(one):
        await one.performer.propose(decisions)
        assert await one.performer.drain(10)
    return one


async def test_a_page_arrives_and_leaves_a_receipt(place: Place):
    one = await performed(place, decision(title="acme x10", severity="critical"))
    assert one.outcomes() == [("d1", "done", "")]
    assert [alert.dedup_key for alert in place.pager.alerts] == ["incident1"]


async def test_a_throttle_is_published_told_and_read_back(place: Place):
    one = await performed(place, throttle(via="hook"))
    assert [(q.level, q.factor) for q in place.published] == [(2, 0.25)]
    assert place.gateway.share_of({"tenant": "acme"}) == 0.25
    assert "read back: level 2 is in force" in one.receipts[0].detail


async def test_a_lift_gives_everything_back(place: Place):
    await performed(place, throttle(via="hook"), decision(Action.LIFT_THROTTLE, id="l1", reason=Reason.RELEASED, via="hook"))
    assert [q.level for q in place.published] == [2, 0]
    assert place.gateway.share_of({"tenant": "acme"}) == 1.0


async def test_a_rollback_fires_once_although_it_is_proposed_twice(place: Place):
    back = decision(Action.ROLLBACK, id="r1", service="router", release="v2", baseline="v1")
    await performed(place, back, back)
    assert (place.gateway.live, place.gateway.effects) == ({"router": "v1"}, {"r1": 1})


async def test_a_rollback_of_a_release_that_is_not_live_is_refused(place: Place):
    one = await performed(place, decision(Action.ROLLBACK, id="r1", service="router", release="v3", baseline="v1"))
    assert one.outcomes() == [("r1", "failed", "refused")]
    assert place.gateway.live == {"router": "v2"}


@pytest.mark.parametrize(
    "fault", [Fault.TOO_MANY, Fault.SERVER_ERROR, Fault.HANG, Fault.CLOSE, Fault.APPLY_THEN_CLOSE, Fault.SLOW_LORIS]
)
async def test_a_page_survives_faults_of_the_pager_and_opens_one_alert(place: Place, fault: Fault):
    place.pager.script.then(fault, fault)
    one = await performed(place, decision())
    assert (one.outcomes(), len(place.pager.alerts), one.receipts[0].attempts) == ([("d1", "done", "")], 1, 3)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.HANG, Fault.CLOSE, Fault.APPLY_THEN_CLOSE, Fault.HUGE_BODY])
async def test_a_rollback_takes_effect_once_whatever_the_receiver_does(place: Place, fault: Fault):
    place.gateway.script.then(fault, fault)
    one = await performed(place, decision(Action.ROLLBACK, id="r1", service="router", release="v2", baseline="v1"))
    assert (one.outcomes(), place.gateway.effects, place.gateway.live) == ([("r1", "done", "")], {"r1": 1}, {"router": "v1"})


async def test_an_ambiguous_rollback_is_asked_for_and_not_sent_again(place: Place):
    place.gateway.script.then(Fault.APPLY_THEN_CLOSE)
    one = await performed(place, decision(Action.ROLLBACK, id="r1", service="router", release="v2", baseline="v1"))
    assert (len(place.gateway.received), one.receipts[0].attempts) == (1, 1)


async def test_a_bad_request_is_followed_by_a_minimal_event_once(place: Place):
    place.pager.script.then(Fault.BAD_REQUEST)
    one = await performed(place, decision())
    assert (one.outcomes(), place.pager.calls) == ([("d1", "done", "")], 2)


async def test_a_trigger_that_failed_never_lands_after_its_resolve(place: Place):
    place.pager.script.then(Fault.UNAVAILABLE)
    one = await performed(place, decision(), decision(id="d2", event="resolve", reason=Reason.RESOLVED))
    assert one.outcomes() == [("d1", "skipped", "superseded"), ("d2", "done", "")]
    assert place.pager.alerts == []


async def test_a_hanging_pager_delays_no_lift(place: Place):
    place.pager.script.always(Fault.HANG)
    one = worker(place.sinks)
    async with running(one):
        await one.performer.propose([decision(id=f"d{n}") for n in range(20)])
        await one.performer.propose([decision(Action.LIFT_THROTTLE, id="l1", reason=Reason.RELEASED)])
        await until(lambda: place.published, timeout_s=0.15)


async def test_a_pager_that_hangs_delays_no_other_receiver(place: Place):
    place.pager.script.always(Fault.HANG)
    one = worker(place.sinks)
    async with running(one):
        await one.performer.propose([msgspec.structs.replace(decision(id=f"d{n}"), dedup_key=f"incident{n}") for n in range(60)])
        await one.performer.propose([decision(Action.NOTIFY, id="n1", target="hook")])
        await until(lambda: place.gateway.received, timeout_s=0.15)


async def test_two_workers_at_once_make_one_effect_and_one_receipt_each(place: Place):
    records: list[bytes] = []
    pair = [worker(place.sinks, log=MemoryLedger(records), name=name) for name in ("w1", "w2")]
    async with running(*pair):
        for n in range(20):
            one = throttle(f"t{n}", via="hook")
            await asyncio.gather(*(each.performer.propose([one]) for each in pair))
        assert all([await each.performer.drain(10) for each in pair])
    assert len(place.gateway.effects) == 20
    assert sorted(r.decision_id for each in pair for r in each.receipts) == sorted(f"t{n}" for n in range(20))


async def test_a_freeze_between_two_attempts_ends_a_throttle(place: Place):
    place.gateway.script.always(Fault.UNAVAILABLE)
    one = worker(place.sinks, world=lambda _: World(mode=Mode.ACT, frozen=len(place.published) >= 2))
    async with running(one):
        await one.performer.propose([throttle(via="hook")])
        assert await one.performer.drain(10)
    assert (one.outcomes(), len(place.published)) == ([("t1", "failed", "frozen")], 2)
    assert one.receipts[0].detail == "last attempt: quota level 2 published; HTTP 503"


async def test_a_receipt_that_could_not_be_told_is_told_later_and_nothing_is_sent_again(place: Place):
    one, failures = worker(place.sinks), [OSError("topic"), OSError("topic")]
    keep = one.performer._pages._with.on_receipt

    async def tell(made, receipt):
        if failures:
            raise failures.pop()
        await keep(made, receipt)

    object.__setattr__(one.performer._pages._with, "on_receipt", tell)
    async with running(one):
        await one.performer.propose([decision()])
        assert await one.performer.drain(10)
    assert (one.outcomes(), place.pager.calls) == ([("d1", "done", "")], 1)


async def test_what_waits_for_approval_is_done_once_a_person_agrees(place: Place):
    said: list[bool] = []
    one = worker(place.sinks, world=lambda _: World(mode=Mode.APPROVE, approved=said[0] if said else None))
    async with running(one):
        await one.performer.propose([throttle()])
        await until(lambda: one.receipts)
        said.append(True)
        assert await one.performer.drain(10)
    assert one.outcomes() == [("t1", "pending_approval", "approval"), ("t1", "done", "")]


class DownLedger(MemoryLedger):
    """A ledger that takes nothing until it is up."""

    up = False

    async def append(self, record):
        if not self.up:
            raise LedgerUnavailableError("down")
        return await super().append(record)


async def test_without_a_ledger_pages_go_out_once_and_controls_wait(place: Place):
    log = DownLedger()
    one = worker(place.sinks, log=log)
    async with running(one):
        with pytest.raises(LedgerUnavailableError):
            await one.performer.propose([decision(), throttle()])
        await until(lambda: place.pager.calls)
        log.up = True
        assert await one.performer.drain(10)
    assert (one.outcomes(), place.pager.calls, place.published) == ([("d1", "done", "")], 1, [])


async def test_shadow_mode_performs_nothing_and_says_so(place: Place):
    one = await performed(place, decision(), throttle(), world=lambda _: World(mode=Mode.SHADOW))
    assert {(r.outcome.value, r.reason.value, r.dry_run) for r in one.receipts} == {("skipped", "shadow", True)}
    assert (place.pager.calls, place.published) == (0, [])


async def test_a_decision_for_nobody_is_skipped(place: Place):
    one = await performed(place, decision(target="ghost"), decision(Action.NONE, id="n1"))
    assert sorted(one.outcomes()) == [("d1", "skipped", "no_receiver"), ("n1", "skipped", "")]


async def test_a_restarted_worker_finishes_what_the_ledger_holds(place: Place):
    log = MemoryLedger()
    first = worker(place.sinks, log=log)
    await first.performer.propose([decision()])
    second = worker(place.sinks, log=MemoryLedger(log.records))
    async with running(second):
        assert await second.performer.drain(10)
    assert (second.outcomes(), len(place.pager.alerts)) == ([("d1", "done", "")], 1)


IMPATIENT = replace(QUICK, claim_s=0.1)


def claimed_by_the_dead(*decisions) -> MemoryLedger:
    """A ledger with claims of a worker that has died, and left no receipt."""
    log = MemoryLedger()
    for each in decisions:
        log.records.extend(encode_record(record) for record in (Proposed(decision=each), Claim(decision_id=each.id, worker="w0")))
    return MemoryLedger(log.records)


async def test_what_a_dead_worker_had_claimed_is_settled_although_it_is_held_back_now(place: Place):
    frozen = World(mode=Mode.ACT, frozen=True)
    one = worker(place.sinks, log=claimed_by_the_dead(throttle()), world=lambda _: frozen, pace=IMPATIENT)
    async with running(one):
        assert await one.performer.drain(5)
    assert (one.outcomes(), place.published) == ([("t1", "failed", "frozen")], [])
    assert one.receipts[0].detail == "somebody claimed it before and left no receipt: it may be there"


async def test_what_a_dead_worker_has_done_is_asked_for_before_it_is_said_to_be_held_back(place: Place):
    rollback = decision(Action.ROLLBACK, id="r1", service="router", release="v2", baseline="v1")
    place.gateway.effects["r1"] = 1
    blind = World(mode=Mode.ACT, blind=True)
    one = worker(place.sinks, log=claimed_by_the_dead(rollback), world=lambda _: blind, pace=IMPATIENT)
    async with running(one):
        assert await one.performer.drain(5)
    assert (one.outcomes(), place.gateway.received) == ([("r1", "done", "")], [])


class SlowLedger(MemoryLedger):
    """A ledger that takes the first receipt, and says too late that it has."""

    late = True

    async def append(self, record):
        offset = await super().append(record)
        if self.late and isinstance(record, Settled):
            self.late = False
            raise LedgerUnavailableError("too slow")
        return offset


async def test_a_receipt_that_was_written_although_the_ledger_seemed_gone_is_told(place: Place):
    one = worker(place.sinks, log=SlowLedger())
    async with running(one):
        await one.performer.propose([decision()])
        assert await one.performer.drain(5)
    assert (one.outcomes(), place.pager.calls) == ([("d1", "done", "")], 1)
