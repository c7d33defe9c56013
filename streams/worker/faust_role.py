"""Agents with a life of their own -> a Faust app that tells them when their partition comes and goes."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from streams.errors import BrokerError
from streams.log.kafka import DENIED
from streams.settings import KafkaSettings
from streams.worker.faust_app import faust_app, heard_error
from streams.worker.kicked import Kicked, other_worker

log = logging.getLogger("tidegate.faust")

STOP_S = 5.0
LOOK_S = 0.5


class Member(Protocol):
    """One agent on a topic of one partition."""

    failed: "asyncio.Future[None]"
    """Holds the error that ended its work; the worker stops with it."""

    async def read(self, stream: Any) -> None:
        """The agent."""
        ...

    async def assigned(self) -> None:
        """The partition came; may be told again."""
        ...

    async def revoked(self) -> None:
        """The partition went."""
        ...


class FaustRole:
    """A Faust app in this process, with its members by topic. Several apps live beside each other, each in a group of its own."""

    def __init__(self, settings: KafkaSettings, *, group: str, instance: str | None, members: Mapping[str, Member]) -> None:
        self._members = dict(members)
        self._app = faust_app(settings, group=group, instance=instance, agents={t: m.read for t, m in members.items()})
        self._app.on_partitions_assigned.connect(self._assigned, weak=False)
        self._app.on_partitions_revoked.connect(self._revoked, weak=False)
        self._tasks: set[asyncio.Task[None]] = set()
        self._joined = False
        self._instance = instance
        self._kicked = Kicked()

    @property
    def ready(self) -> bool:
        """Whether the app takes part in its group, and what came to it is restored."""
        return self._joined and not self._app.rebalancing and not self._tasks

    async def _assigned(self, _app: Any, assigned: Iterable[Any], **_: Any) -> None:
        """Restore in the background: a rebalance waits for nobody. A standby is told as well, of no partition."""
        self._joined = True
        for topic in {tp.topic for tp in assigned} & self._members.keys():
            task = asyncio.get_running_loop().create_task(self._members[topic].assigned())
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        failed = next(iter(self._members.values())).failed
        if not failed.done():
            failed.set_exception(error)

    async def _revoked(self, _app: Any, revoked: Iterable[Any], **_: Any) -> None:
        if self._instance is not None and revoked and self._kicked.lost(time.monotonic()):
            self._fail(BrokerError(other_worker(self._instance)))
        for topic in {tp.topic for tp in revoked} & self._members.keys():
            await self._members[topic].revoked()

    async def run(self) -> None:
        """Run until a member fails; then raise what it failed of."""
        starting, watching = asyncio.create_task(self._app.start()), asyncio.create_task(self._watch())
        failing = {watching, *(member.failed for member in self._members.values())}
        try:
            # a start may last: it waits for the first rebalance, and what goes wrong in that one counts as well
            done, _ = await asyncio.wait({starting, *failing}, return_when=asyncio.FIRST_COMPLETED)
            if done == {starting}:
                starting.result()
                done, _ = await asyncio.wait(failing, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for task in (starting, watching):
                task.cancel()
            await asyncio.gather(starting, watching, return_exceptions=True)

    async def _watch(self) -> None:
        """See that the app goes on; Faust has no event for it."""
        await asyncio.sleep(LOOK_S)  # until it has what to look at
        while not self._app.crashed:
            error = heard_error(self._app) if self._app.started else None
            if error is not None and getattr(error, "errno", None) in DENIED:
                raise BrokerError(f"Kafka does not let us into a group: {error}") from error
            if error is not None:
                log.warning("%s could not join its group, and tries again: %s", self._app.conf.id, error)
            await asyncio.sleep(LOOK_S)
        reason = self._app.crash_reason
        raise reason if isinstance(reason, Exception) else RuntimeError("the Faust app has crashed")

    async def stop(self) -> None:
        """Leave the group and stop."""
        try:
            async with asyncio.timeout(STOP_S):
                await self._app.stop()
        except TimeoutError:
            log.warning("the Faust app did not stop in %.0f s", STOP_S)
