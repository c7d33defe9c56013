"""Agents with a life of their own -> a Faust app that tells them when their partition comes and goes."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from streams.errors import BrokerError
from streams.settings import KafkaSettings
from streams.worker.faust_app import faust_app
from streams.worker.kicked import Kicked, other_worker

log = logging.getLogger("tidegate.faust")

STOP_S = 5.0


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
        self._instance = instance
        self._kicked = Kicked()

    @property
    def ready(self) -> bool:
        """Whether the app takes part in its group, and what came to it is restored."""
        return bool(self._app.started) and not self._app.rebalancing and not self._tasks

    async def _assigned(self, _app: Any, assigned: Iterable[Any], **_: Any) -> None:
        """Restore in the background: a rebalance waits for nobody."""
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
        await self._app.start()
        crashed = asyncio.create_task(self._crashed())
        done, _ = await asyncio.wait({crashed, *(m.failed for m in self._members.values())}, return_when=asyncio.FIRST_COMPLETED)
        crashed.cancel()
        for each in done:
            each.result()

    async def _crashed(self) -> None:
        while not self._app.crashed:  # noqa: ASYNC110 (Faust has no event for it)
            await asyncio.sleep(0.5)
        reason = self._app.crash_reason
        raise reason if isinstance(reason, Exception) else RuntimeError("the Faust app has crashed")

    async def stop(self) -> None:
        """Leave the group and stop."""
        try:
            async with asyncio.timeout(STOP_S):
                await self._app.stop()
        except TimeoutError:
            log.warning("the Faust app did not stop in %.0f s", STOP_S)
