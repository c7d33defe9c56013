"""The parts of stage 3 put together: deciding and performing in one Faust app, over what the worker knows."""

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from actions.decision import Decision
from actions.http_client import HttpClient
from actions.policy.model import Policy
from actions.secret import SecretMissingError
from actions.sink import Sink
from actions.sinks import open_receivers
from actions.webhook_message import BadKeyError
from streams.errors import WrongUseError
from streams.now import Now
from streams.settings import Address, Clock
from streams.worker.act import Deciding
from streams.worker.audit_trail import AuditTrail
from streams.worker.faust_role import FaustRole, Member
from streams.worker.ledger_kafka import KafkaLedger
from streams.worker.observed import Observed
from streams.worker.parts import Parts
from streams.worker.performing import ActOutput, Gates, Performing
from streams.worker.progress import ClockWatch, Progress
from streams.worker.stage_metrics import ActMetrics
from streams.worker.stateful import Stateful

log = logging.getLogger("tidegate.act")

PERFORM_S = 15.0
"""How long a stream clock waits for receivers."""


def refuse_far_receivers(policy: Policy, clock: Clock) -> None:
    """A stream clock takes history for now: nobody but this machine may hear of it.

    Raises:
        WrongUseError: when a receiver is not on loopback.
    """
    for receiver in policy.receivers if clock is Clock.STREAM else ():
        host = urlsplit(receiver.url).hostname or ""
        if not Address(host=host, port=0).loopback:
            raise WrongUseError(
                f"--clock stream: the receiver {receiver.name} is not on loopback, and would be told of history as of now"
            )


def receivers_of(policy: Policy, client: HttpClient) -> dict[str, Sink]:
    """The receivers of the policy, ready to be sent to.

    Raises:
        WrongUseError: when a secret is missing or cannot sign.
    """
    try:
        return open_receivers(policy.receivers, client=client, environ=os.environ, monotonic=time.monotonic)
    except (SecretMissingError, BadKeyError) as error:
        raise WrongUseError(str(error)) from error


class ActRole:
    """Stage 3 of one worker.

    Attributes:
        now: the clock of acting; with `--clock stream` the end of the last judged window and its grace.
        acting: how far this worker has decided.
    """

    def __init__(self, *, parts: Parts, observed: Observed, watching: Progress, run: str | None = None) -> None:
        self.now = Now(parts.clock)
        self.acting = Progress(now=self.now, timing=parts.plan.timing, fresh=True)
        self._parts = parts
        self._observed = observed
        self._run = run
        self._client = HttpClient()
        self._clock = ClockWatch(wall_s=time.time, monotonic_s=time.monotonic)
        self.ledger = KafkaLedger(parts.appender, parts.topics.ledger)
        self.deciding = Stateful(
            "act", topic=parts.topics.anomalies, snapshots=parts.snapshots, losses=parts.losses, new=self._new_stage
        )
        self.performing = self._new_performing(watching)
        members: dict[str, Member] = {parts.topics.anomalies: self.deciding, parts.topics.decisions: self.performing}
        self._role = FaustRole(parts.kafka.settings, group=parts.topics.group("act"), instance=parts.instance, members=members)

    def _new_stage(self) -> Deciding:
        self.acting.restore([None, None])
        return Deciding(
            plan=self._parts.plan,
            appender=self._parts.appender,
            topics=self._parts.topics,
            controls=self._observed.controls.values,
            progress=self.acting,
            done=self._done,
            run=self._run,
        )

    def _new_performing(self, watching: Progress) -> Performing:
        parts, policy = self._parts, self._parts.plan.policy
        audit = AuditTrail(kafka=parts.kafka, appender=parts.appender, topics=parts.topics, writer=parts.worker)
        output = ActOutput(
            appender=parts.appender,
            topics=parts.topics,
            audit=audit,
            metrics=ActMetrics(parts.metrics, self.now),
            observed=self._observed,
            policy=policy,
        )
        gates = Gates(
            policy=policy, observed=self._observed, acting=self.acting, watching=watching, now=self.now, clock=self._clock
        )
        return Performing(
            ledger=self.ledger,
            receivers=receivers_of(policy, self._client),
            gates=gates,
            audit=audit,
            output=output,
            worker=parts.worker,
            unread=lambda: parts.losses.unread(parts.topics.group("act"), parts.topics.decisions),
        )

    async def _done(self, decisions: Sequence[Decision]) -> None:
        """With a stream clock time stands still while something is done, or all evidence would be stale before it is acted upon."""
        if self._parts.clock is not Clock.STREAM:
            return
        try:
            async with asyncio.timeout(PERFORM_S):
                for each in decisions:
                    await self.ledger.answered(each.id)
        except TimeoutError:
            log.warning("a receiver takes more than %.0f s; the stream goes on", PERFORM_S)

    @property
    def ready(self) -> bool:
        """Whether what came to this worker is restored."""
        return self._role.ready

    async def run(self) -> None:
        """Run until something fails. The clocks are compared every second meanwhile."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.deciding.keep())
            group.create_task(self._watch_clock())
            await self._role.run()

    async def _watch_clock(self) -> None:
        while True:
            self._clock.look()
            await asyncio.sleep(1.0)

    async def stop(self) -> None:
        """Finish what is being sent, leave a last snapshot, and leave the group."""
        await self.performing.revoked()
        await self.deciding.save()
        await self._role.stop()
        await self._client.close()
