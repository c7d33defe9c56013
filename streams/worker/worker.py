"""Settings and a policy -> a running worker: its roles, what it knows of the service, HTTP, from start to graceful stop."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Coroutine
from importlib.metadata import version
from typing import Any

from actions.api.app import create_app
from actions.api.limits import LOOPBACK_HOSTS
from streams.log.append import Appender, Record
from streams.log.formats import Flaw
from streams.log.kafka import Kafka
from streams.log.lost import Losses
from streams.log.snapshot import Snapshots
from streams.log.tail import Tail
from streams.log.topics import Topics
from streams.metrics import BLIND, FROZEN, INCIDENTS_OPEN, LOST, SNAPSHOTS_UNUSABLE, Metrics
from streams.now import Now
from streams.outputs import Outputs
from streams.pipeline import Plan
from streams.settings import Role, Settings
from streams.worker.act_role import ActRole
from streams.worker.api_tokens import auth_of
from streams.worker.detect_role import DetectRole
from streams.worker.end_of_run import EndOfRun, find_ends
from streams.worker.ends import Ends
from streams.worker.http import HttpServer
from streams.worker.ingest_role import IngestRole
from streams.worker.observed import Observed
from streams.worker.parts import Parts
from streams.worker.progress import Progress
from streams.worker.stage_metrics import ActMetrics
from streams.worker.view import ServiceView, WorkerFacts

log = logging.getLogger("tidegate.worker")

STOP_S = 9.0
"""All of a graceful stop; supervisors kill after 10 s."""
FLUSH_S = 2.0
"""For the producer to let go of its connections: all that counts was acknowledged before."""
STUCK_S = 60.0
"""A worker that has not been able to write for so long says that it wants to be restarted."""
RECENT = 20_000
"""How many of the last records of each topic of results a worker reads to know the service."""
LOOK_S = 0.5


class Worker:
    """One process of the service.

    Args:
        settings: What `tidegate run` was told.
        plan: What the policy means for every stage.
    """

    def __init__(self, settings: Settings, plan: Plan) -> None:
        self._settings = settings
        self._topics = Topics(settings.kafka.topic_prefix)
        self._metrics = Metrics()
        name = settings.worker_id or f"{socket.gethostname()}-{os.getpid()}"
        kafka = Kafka(settings.kafka, client_id=f"tidegate-{name}")
        appender = Appender(kafka)
        self._parts = Parts(
            kafka=kafka,
            appender=appender,
            snapshots=Snapshots(kafka, appender, self._topics.state, on_unusable=self._unusable),
            losses=Losses(kafka, lambda topic, count: self._metrics.add(LOST, count, topic)),
            topics=self._topics,
            plan=plan,
            metrics=self._metrics,
            clock=settings.clock,
            worker=name,
            instance=settings.worker_id,
        )
        self._observed = Observed(self._topics, outputs=Outputs() if settings.until_end else None)
        self._now = Now(settings.clock)
        self._seen = Now(settings.clock)
        self._watching = Progress(now=self._seen, timing=plan.timing)
        self._roles: dict[Role, IngestRole | DetectRole | ActRole] = {}
        self._tail = Tail(kafka, self._tailed(), self._listen)
        self._stopping = asyncio.Event()
        self._started_s = time.monotonic()
        self._end: EndOfRun | None = None

    def _unusable(self, flaw: Flaw) -> None:
        self._metrics.add(SNAPSHOTS_UNUSABLE, 1, flaw.value)

    def _tailed(self) -> dict[str, int | None]:
        topics, recent = self._topics, None if self._settings.until_end else RECENT
        results = dict.fromkeys((topics.anomalies, topics.incidents, topics.decisions, topics.receipts), recent)
        return {**results, topics.control: None, topics.quotas: None, topics.ledger: None}

    def _listen(self, topic: str, offset: int, record: Record) -> None:
        if topic == self._topics.ledger:
            act = self._roles.get(Role.ACT)
            if isinstance(act, ActRole):
                act.ledger.take(offset, record)
            return
        self._observed.take(topic, offset, record)
        if topic == self._topics.anomalies and self._observed.last_window_end:
            self._watching.judged(self._observed.last_window_end)

    def stop(self) -> None:
        """Stop gracefully; may be called from a signal."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop`, a failure, or the end of a run that has one.

        Raises:
            WrongUseError: when the listener or a receiver cannot be had.
            BrokerError: when Kafka does not answer, or refuses for good.
        """
        server = HttpServer(self._settings.http)
        try:
            counts = await self._parts.kafka.ensure([*self._topics.declared(), *self._topics.sources()])
            await self._parts.appender.start()
            ends = await self._find_ends(counts[self._topics.telemetry])
            self._build(ends)
            await self._live(server)
        finally:
            server.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await self._parts.appender.stop()

    async def _find_ends(self, partitions: int) -> Ends | None:
        if not self._settings.until_end:
            return None
        ends = await find_ends(self._parts.kafka, self._topics, partitions, self._parts.plan.policy.digest)
        self._end = EndOfRun(ends.run, self._observed, self._topics)
        log.info("this run ends at the offsets %s", ", ".join(f"{p}:{offset}" for p, offset in sorted(ends.offsets.items())))
        return ends

    def _build(self, ends: Ends | None) -> None:
        run = ends.run if ends is not None else None
        if Role.INGEST in self._settings.roles:
            self._roles[Role.INGEST] = IngestRole(
                parts=self._parts, now=self._now, ends=ends, judged_ms=lambda: self._watching.judged_ms
            )
        if Role.DETECT in self._settings.roles:
            self._roles[Role.DETECT] = DetectRole(parts=self._parts, now=self._now, run=run)
        if Role.ACT in self._settings.roles:
            self._roles[Role.ACT] = ActRole(parts=self._parts, observed=self._observed, watching=self._watching, run=run)

    async def _live(self, server: HttpServer) -> None:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self.stop)
        tasks = self._tasks(server)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            log.info("stopping")
        finally:
            await self._wind_up(tasks, server)
        for task in done:
            if (error := task.exception()) is not None:
                raise _root(error)

    def _tasks(self, server: HttpServer) -> set[asyncio.Task[Any]]:
        works: list[Coroutine[Any, Any, Any]] = [
            self._stopping.wait(),
            self._tail.run(),
            server.run(self._application()),
            self._look_after(),
            self._start_roles(),
        ]
        return {asyncio.create_task(work) for work in works}

    async def _start_roles(self) -> None:
        """Roles start when the tail knows what people have asked for: a freeze counts from the first decision on."""
        await self._tail.caught_up.wait()
        log.info("serving as %s", ", ".join(sorted(self._roles)))
        async with asyncio.TaskGroup() as group:
            for role in self._roles.values():
                group.create_task(role.run())

    async def _wind_up(self, tasks: set[asyncio.Task[Any]], server: HttpServer) -> None:
        try:
            async with asyncio.timeout(STOP_S):
                await asyncio.gather(*(role.stop() for role in self._roles.values()), return_exceptions=True)
        except TimeoutError:
            log.warning("not everything stopped in %.0f s; what was not saved is worked off again after the next start", STOP_S)
        server.stop()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=2.0)

    async def _look_after(self) -> None:
        """Keep the slow figures up to date, and see whether a run has ended."""
        metrics = ActMetrics(self._metrics, self._seen)
        while True:
            self._metrics.set(FROZEN, bool(self._observed.frozen))
            self._metrics.set(BLIND, bool(self._observed.blind or self._watching.blind))
            self._metrics.set(INCIDENTS_OPEN, self._observed.open_incidents)
            metrics.throttles(self._observed.quotas.standing(self._seen.ms))
            if self._end is not None and self._settings.out is not None and self._end.reached:
                self._end.write(self._settings.out, wall_seconds=time.monotonic() - self._started_s)
                self.stop()
                return
            await asyncio.sleep(LOOK_S)

    def _application(self) -> Any:
        act = self._roles.get(Role.ACT)
        facts = WorkerFacts(
            name=self._parts.worker,
            version=version("tidegate"),
            problems=self._problems,
            ready=self._ready,
            waiting=lambda: act.performing.waiting if isinstance(act, ActRole) else {},
            catching_up=lambda: isinstance(act, ActRole) and act.deciding.active and act.acting.catching_up,
        )
        view = ServiceView(
            worker=facts,
            policy=self._parts.plan.policy,
            observed=self._observed,
            progress=self._watching,
            now=self._seen,
            write=(self._parts.appender, self._topics),
        )
        loopback = self._settings.http.loopback
        return create_app(
            view,
            auth=auth_of(self._settings.http, os.environ),
            metrics_registry=self._metrics.registry,
            hosts=LOOPBACK_HOSTS if loopback else None,
        )

    def _ready(self) -> bool:
        return self._tail.caught_up.is_set() and all(role.ready for role in self._roles.values())

    def _problems(self) -> list[str]:
        since_s = self._parts.appender.failing_since_s
        if since_s is not None and time.monotonic() - since_s > STUCK_S:
            return [f"nothing could be written to Kafka for {time.monotonic() - since_s:.0f} s"]
        return []


def _root(error: BaseException) -> BaseException:
    """What went wrong first, out of the groups that tasks wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
