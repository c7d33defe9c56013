"""`tidegate.decisions` -> ledger -> effects -> `tidegate.receipts` and `tidegate.quotas`: the only step that touches the world."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from actions.decision import Decision, Reason
from actions.gates import World
from actions.ledger import Ledger
from actions.ledger_log import LedgerUnavailableError
from actions.perform import Performer
from actions.policy.model import Policy
from actions.quotas import Quota, encode_quota
from actions.receipt import Outcome, Receipt
from actions.sink import Sink
from actions.sinks import sinks_of
from actions.throttle import QuotaUnavailableError
from detectors.canonical import encode, parse_time
from streams.errors import BrokerError
from streams.log.append import Appender, Record
from streams.log.topics import Topics
from streams.now import Now
from streams.worker.act import decision_of
from streams.worker.audit_trail import AuditTrail
from streams.worker.faust_app import record_of_event
from streams.worker.ledger_kafka import KafkaLedger
from streams.worker.observed import Observed
from streams.worker.progress import CAUGHT_UP_S, ClockWatch, Progress
from streams.worker.stage_metrics import ActMetrics

log = logging.getLogger("tidegate.performing")

QUOTA_S = 5.0
LOOK_S = 1.0
STOP_S = 4.0
CATCH_UP_S = 300.0
"""A service that cannot catch up in this time acts on what it knows."""


class Gates:
    """The world as the gates see it: gathered from what this worker knows, for one decision at a time."""

    def __init__(
        self, *, policy: Policy, observed: Observed, acting: Progress, watching: Progress, now: Now, clock: ClockWatch
    ) -> None:
        self._policy = policy
        self._observed = observed
        self._acting = acting
        self._watching = watching
        self._now = now
        self._clock = clock

    def world(self, decision: Decision) -> World:
        """What counts for this decision now."""
        return World(
            mode=self._policy.mode,
            frozen=bool(self._observed.frozen),
            evidence_age_s=max(self._now.ms - parse_time(decision.ts), 0) / 1000,
            lag_s=self._acting.lag_s,
            blind=bool(self._observed.blind or self._watching.blind or self._acting.blind),
            catching_up=self._is_history(decision),
            clock_sane=self._clock.sane,
            approved=self._observed.answer(decision.id),
            over=self._over(decision),
            standing=self._observed.quotas.get(decision.target, self._now.ms).level > 0,
            stale_s=self._policy.safety.stale_ms / 1000,
        )

    def _is_history(self, decision: Decision) -> bool:
        """Whether it was decided in the history that nobody acts on; who takes over early may not know when that ended."""
        return self._acting.is_history(decision.ts) and not self._observed.acted_by(decision.ts)

    def _over(self, decision: Decision) -> bool:
        """Whether the incident of a decision is over, and if that is what it tells, whether this receiver never heard of it."""
        incident = self._observed.incidents.get(decision.incident_id)
        if incident is None or incident.resolved is None:
            return False
        if decision.reason is not Reason.RESOLVED:
            return True
        told = [
            self._observed.receipts.get(each.id)
            for each in self._observed.decisions.values()
            if each.incident_id == decision.incident_id and each.target == decision.target and each.reason is not Reason.RESOLVED
        ]
        return bool(told) and all(receipt is not None and receipt.outcome is Outcome.SKIPPED for receipt in told)

    def current(self, decision: Decision) -> bool:
        """Whether enough is known to tell if a decision still stands."""
        fresh = self._now.earliest_ms - parse_time(decision.ts) <= self._policy.safety.stale_ms
        return fresh or self._is_history(decision) or self._watching.lag_s < CAUGHT_UP_S


class Performing:
    """The worker that has the decisions' partition performs them; the others stand by.

    The ledger is the queue: a decision is acknowledged when it is proposed there, and worked off by whoever acts.

    Args:
        unread: Names the decisions that the log lost before anybody read them.
    """

    def __init__(  # noqa: PLR0913 (each by its name)
        self,
        *,
        ledger: KafkaLedger,
        receivers: Mapping[str, Sink],
        gates: Gates,
        audit: AuditTrail,
        output: "ActOutput",
        worker: str,
        unread: Callable[[], Awaitable[None]],
    ) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ledger = ledger
        self._new: Callable[[], Performer] = lambda: Performer(
            log=ledger,
            sinks=sinks_of(receivers, output.publish),
            world=gates.world,
            on_receipt=output.receipt,
            worker=worker,
        )
        self._audit = audit
        self._output = output
        self._current = gates.current
        self._unread = unread
        self._patience_s: float | None = None
        self._performer: Performer | None = None
        self._running: asyncio.Task[None] | None = None
        self._came = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def waiting(self) -> dict[str, int]:
        """Decisions that wait to be performed, by sender."""
        return self._performer.waiting if self._performer is not None else {}

    @property
    def active(self) -> bool:
        """Whether this worker performs."""
        return self._performer is not None

    async def assigned(self) -> None:
        """The decisions' partition came."""
        async with self._turn:
            if self._performer is None:
                await self._unread()
                await self._audit.open()
                await self._output.opened(self._ledger.ledger)
                self._performer = self._new()
                self._running = asyncio.create_task(self._run(self._performer))
                self._came.set()

    async def revoked(self) -> None:
        """The partition was taken away, or the worker stops: finish what is being sent, begin nothing new."""
        self._came.clear()
        async with self._turn:
            self._came.clear()
            performer, running, self._performer, self._running = self._performer, self._running, None, None
            if performer is not None and running is not None:
                performer.stop()
                _, late = await asyncio.wait([running], timeout=STOP_S)
                for task in late:
                    task.cancel()

    async def _run(self, performer: Performer) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(performer))
                await performer.run()
                watch.cancel()
        except Exception as error:  # noqa: BLE001 (passed to whoever runs the worker)
            self._fail(error)

    async def _watch(self, performer: Performer) -> None:
        """Write down what people ask for, and let the senders look again when they did."""
        while True:
            if await self._output.controls():
                performer.wake()
            await asyncio.sleep(LOOK_S)

    def _fail(self, error: Exception) -> None:
        if not self.failed.done():
            self.failed.set_exception(error)

    async def read(self, stream: Any) -> None:
        """The agent on `tidegate.decisions`."""
        try:
            async for event in stream.noack().events():
                _, record = record_of_event(event)
                decision = decision_of(record)
                if decision is not None:
                    await self._propose(decision)
                event.ack()
        except Exception as error:  # noqa: BLE001 (Faust would restart the agent and skip the event)
            self._fail(error)
            await asyncio.Event().wait()

    async def _propose(self, decision: Decision) -> None:
        await self._output.decided(decision)
        await self._caught_up(decision)
        while True:
            await self._came.wait()
            try:
                if self._performer is not None:
                    await self._performer.propose([decision])
                    return
            except LedgerUnavailableError as error:
                log.warning("decision %s waits: %s", decision.id, error)
            await asyncio.sleep(LOOK_S)

    async def _caught_up(self, decision: Decision) -> None:
        """After an outage, hold old decisions until it is known what has become of their incidents; not for ever."""
        while not self._current(decision):
            now_s = asyncio.get_running_loop().time()
            self._patience_s = self._patience_s or now_s + CATCH_UP_S
            if now_s >= self._patience_s:
                return
            await asyncio.sleep(LOOK_S / 4)
        self._patience_s = None


class ActOutput:
    """Writes what became of decisions, what people asked for, and quotas; tells audit and metrics."""

    def __init__(
        self, *, appender: Appender, topics: Topics, audit: AuditTrail, metrics: ActMetrics, observed: Observed, policy: Policy
    ) -> None:
        self._appender = appender
        self._topics = topics
        self._audit = audit
        self._metrics = metrics
        self._observed = observed
        self._policy = policy
        self._audited = 0

    async def opened(self, ledger: Ledger) -> None:
        """This worker begins to act. What stands in the ledger and was not told, since somebody died over it, is told now."""
        self._audited = 0
        await self._audit.policy(self._policy.digest, self._policy.mode.value)
        for decision, receipt in [each for each in ledger.receipts() if not self._audit.has_receipt(each[1])]:
            await self.receipt(decision, receipt)

    async def decided(self, decision: Decision) -> None:
        """A decision came."""
        await self._audit.decision(decision)
        self._metrics.decided(decision)

    async def receipt(self, decision: Decision, receipt: Receipt) -> None:
        """A decision has a receipt."""
        await self._appender.append(self._topics.receipts, [Record(receipt.decision_id.encode(), encode(receipt))])
        await self._audit.receipt(receipt)
        self._metrics.received(decision, receipt)

    async def controls(self) -> bool:
        """Write new controls to the audit; whether there were any."""
        controls = list(self._observed.controls.values())
        fresh, self._audited = controls[self._audited :], len(controls)
        for control in fresh:
            await self._audit.control(control)
        return bool(fresh)

    async def publish(self, quota: Quota) -> None:
        """Write a quota.

        Raises:
            QuotaUnavailableError: when that takes more than 5 s.
        """
        try:
            async with asyncio.timeout(QUOTA_S):
                await self._appender.append(self._topics.quotas, [Record(quota.scope.encode(), encode_quota(quota))])
        except (TimeoutError, BrokerError) as error:
            raise QuotaUnavailableError("the topic does not take it") from error
        self._observed.quotas.apply(quota)
