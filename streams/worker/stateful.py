"""A Faust stream -> a stage with state, restored when the partition comes and acknowledged as far as a snapshot goes."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from streams.log.append import Record
from streams.log.formats import refused
from streams.log.kafka import TopicPartition
from streams.log.lost import Losses
from streams.log.snapshot import Slot, Snapshots
from streams.worker.faust_app import record_of_event

log = logging.getLogger("tidegate.stateful")

SHORTEST_S = 5.0
LONGEST_S = 60.0
LOOK_S = 1.0
PATIENCE_S = 10.0
"""How long a snapshot that is due waits for the stage to be at rest."""
COST_FACTOR = 20
"""A snapshot is taken as often as keeps its cost below a twentieth of the time, between 5 s and 1 min."""


class Stage(Protocol):
    """Works off one log, record by record; a function of it."""

    def restore(self, position: int, state: dict[str, Any]) -> None:
        """Become what a snapshot saw; the next record is the one at `position`."""
        ...

    def rebuild(self) -> None:
        """Know that the state was lost: what comes first was worked off before."""
        ...

    def lost(self) -> None:
        """Know that the log has lost what came next, for good."""
        ...

    @property
    def next_offset(self) -> int:
        """The offset after the last record that was taken."""
        ...

    @property
    def needed_from(self) -> int:
        """From where the log has to be read again by what `snapshot` tells."""
        ...

    @property
    def at_rest(self) -> bool:
        """Whether a snapshot would delay nothing that is about to be done."""
        ...

    @property
    def final(self) -> bool:
        """True once the run has ended: what follows is no part of it, and no snapshot is taken any more."""
        ...

    async def take(self, offset: int, record: Record) -> None:
        """Work off a record; when it returns, what it led to is acknowledged."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back; shares no memory with the stage."""
        ...


class Stateful:
    """Runs a stage as a Faust agent.

    The agent reads without acknowledging. An event is acknowledged when a snapshot that contains it exists, so the group's offset
    never passes the state; what comes again after a restart is known by its offset. When the partition is taken away the stage
    is forgotten, and it is restored when the partition comes back: somebody else may have gone on meanwhile.
    """

    def __init__(self, key: str, *, topic: str, snapshots: Snapshots, losses: Losses, new: Callable[[], Stage]) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.topic = topic
        self._key = key
        self._snapshots = snapshots
        self._losses = losses
        self._new = new
        self._stage: Stage | None = None
        self._slot: Slot | None = None
        self._held: deque[Any] = deque()
        self._turn = asyncio.Lock()
        self._came = asyncio.Event()
        self._tenure = 0
        self._whole = True
        """Whether what the stage has seen is written; not while it takes a record, and no more when that was cut short."""
        self._due_s = 0.0

    @property
    def active(self) -> bool:
        """Whether this worker has the partition and its state."""
        return self._stage is not None

    @property
    def stage(self) -> Stage | None:
        """The stage, when this worker has the partition."""
        return self._stage

    async def read(self, stream: Any) -> None:
        """The agent. A failure is passed to `failed` and ends all work here: to go on would leave a hole in the state."""
        try:
            async for event in stream.noack().events():
                tenure = self._tenure
                await self._came.wait()
                async with self._turn:
                    if tenure == self._tenure and self._stage is not None:
                        await self._take(self._stage, event)
        except Exception as error:  # noqa: BLE001 (Faust would restart the agent and skip the event)
            if not self.failed.done():
                self.failed.set_exception(error)
            await asyncio.Event().wait()

    async def _take(self, stage: Stage, event: Any) -> None:
        offset, record = record_of_event(event)
        tenure = self._tenure
        if offset > stage.next_offset:
            await self._fill(stage, offset)
        if tenure != self._tenure:
            return
        if offset >= stage.next_offset:
            await self._work_off(stage, offset, record)
        self._held.append(event)
        self._acknowledge()

    async def _work_off(self, stage: Stage, offset: int, record: Record) -> None:
        """Let the stage take a record. When that fails half-way, its state must not be kept: what it led to is not all written."""
        self._whole = False
        await stage.take(offset, record)
        self._whole = True

    async def _fill(self, stage: Stage, offset: int) -> None:
        """Take what the log has below `offset` and the stage has not seen, since no snapshot holds what the group has acknowledged.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        tenure = self._tenure
        start = await self._snapshots.log_start(self.topic)
        if tenure != self._tenure:
            return
        if start > stage.next_offset > 0:
            self._losses.tell(TopicPartition(self.topic, 0), stage.next_offset, start - 1)
            stage.lost()
        start = max(start, stage.next_offset)
        if start >= offset:
            return
        log.warning("%s is read again from %d to %d: no snapshot holds what it led to", self.topic, start, offset - 1)
        if stage.next_offset == 0:
            stage.rebuild()
        async for at, record in self._snapshots.between(self.topic, start, offset):
            if tenure != self._tenure:
                return
            await self._work_off(stage, at, record)

    async def assigned(self) -> None:
        """The partition came: restore its state at once, so that a standby is ready before the next record."""
        async with self._turn:
            if self._stage is None:
                await self._restore()
                self._came.set()

    async def revoked(self) -> None:
        """The partition was taken away. What was delivered before and not worked off will be delivered again."""
        self._came.clear()
        self._tenure += 1
        async with self._turn:
            self._came.clear()
            self._stage = self._slot = None
            self._held.clear()

    async def _restore(self) -> None:
        slot, snapshot = await self._snapshots.open(self._key)
        stage = self._new()
        if snapshot is not None:
            await self._losses.refuse_cut(self.topic, snapshot.position)
            try:
                stage.restore(snapshot.position, snapshot.state)
            except Exception as error:  # noqa: BLE001 (what a state that does not fit does to a stage can be anything)
                self._snapshots.unusable(self._key, snapshot.position, refused(error))
                stage, slot.position = self._new(), None
        self._stage, self._slot, self._whole, self._due_s = stage, slot, True, time.monotonic() + SHORTEST_S
        log.info("%s goes on at %d", self.topic, stage.next_offset)

    def _acknowledge(self) -> None:
        position = self._slot.position if self._slot is not None else None
        while position is not None and self._held and self._held[0].message.offset < position:
            self._held.popleft().ack()

    async def keep(self) -> None:
        """Take snapshots as long as the worker lives."""
        while True:
            await asyncio.sleep(LOOK_S)
            late_s = time.monotonic() - self._due_s
            if late_s >= PATIENCE_S or (late_s >= 0 and (self._stage is None or self._stage.at_rest)):
                await self.save()

    async def save(self) -> None:
        """Take a snapshot, if there is something new, and acknowledge what it contains."""
        async with self._turn:
            stage, slot = self._stage, self._slot
            if stage is None or slot is None or not self._whole or stage.final or slot.position == stage.needed_from:
                return
            started_s = time.monotonic()
            position, state = stage.needed_from, stage.snapshot()
        await slot.save(position, state)
        self._due_s = time.monotonic() + min(max(COST_FACTOR * (time.monotonic() - started_s), SHORTEST_S), LONGEST_S)
        async with self._turn:
            self._acknowledge()
