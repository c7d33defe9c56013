"""Records of one source partition that this worker owns -> its blocks, dead letters and snapshots, in order and acknowledged."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import msgspec

from streams.block import Sealed
from streams.log.append import Appender
from streams.log.dead_letter import record_of_dead_letter
from streams.log.fetched import Fetched
from streams.log.snapshot import Slot
from streams.log.topics import Topics
from streams.log.wire import record_of_loss, records_of
from streams.loss import LossMark
from streams.partition import SourcePartition
from streams.worker.idle import Idleness
from streams.worker.ingest_metrics import IngestMetrics

SLICE = 2_000
"""Records fed at once: more would hold up heartbeats and fall out of the cache."""
SHORTEST_S = 5.0
LONGEST_S = 60.0
WITHIN, PATIENCE_S = (0.1, 0.7), 10.0
"""The part of a chunk in which snapshots are taken, unless they wait for too long: at its end there is enough to do."""
NEARLY = 0.95
"""From here on a chunk has all but ended."""
COST_FACTOR = 20
"""A snapshot is taken as often as keeps its cost below a twentieth of the time, between 5 s and 1 min."""


def may_rest(owned: Collection["OwnedPartition"]) -> bool:
    """Whether all partitions were read to their ends, and none has a window that is about to end."""
    return bool(owned) and all(each.at_end and each.source.course() < NEARLY for each in owned)


class RunEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Says that a partition was read to the end of a run, and what was counted in it.

    Attributes:
        run: which run; the same for all workers that found the same end offsets.
        tally: the totals of the partition, as `Tally.snapshot` gives them.
    """

    run: str
    tally: dict[str, Any]


class OwnedPartition:
    """A source partition while this worker owns it.

    Every method but `drop` returns only when what it wrote is acknowledged, so between two calls all blocks below `next_offset` are
    in the log: that is when a snapshot may be taken.
    """

    def __init__(
        self, number: int, *, source: SourcePartition, idleness: Idleness, slot: Slot, appender: Appender, topics: Topics
    ) -> None:
        self.number = number
        self.source = source
        self.idleness = idleness
        self.position = 0
        """The offset of the next record to be fetched."""
        self.at_end = False
        """Whether the log had been read to its end when it was last looked at: what came since then was waited for."""
        self.ended = False
        self.dropped = False
        self._slot = slot
        self._appender = appender
        self._topics = topics
        self._turn = asyncio.Lock()
        self._saving: asyncio.Task[None] | None = None
        self._unsent = False
        """A send was begun and not acknowledged: the state has seen more than the log has."""
        self._due_s = time.monotonic() + SHORTEST_S

    async def take(self, fetched: Fetched, metrics: IngestMetrics) -> None:
        """Feed records, and send what they seal; gives up between slices when the partition was lost."""
        async with self._turn:
            for at in range(0, len(fetched), SLICE):
                if self.dropped:
                    return
                self._unsent = True
                sealed = self.source.feed(fetched[at : at + SLICE].batch())
                self.position = self.source.next_offset
                await self._send(sealed)
                metrics.take(self.number, self.source.tally)
                await asyncio.sleep(0)

    async def _send(self, sealed: Sequence[Sealed], *, end: bytes | None = None) -> None:
        self._unsent = True
        letters = self.source.take_dead_letters()
        if letters:
            dead = [record_of_dead_letter(each, topic=self._topics.telemetry, partition=self.number) for each in letters]
            await self._appender.append(self._topics.dead_letters, dead)
        records = [record for each in sealed for record in records_of(each, end=end if each is sealed[-1] else None)]
        if records:
            await self._appender.append(self._topics.windows, records)
        self._unsent = False
        self.idleness.announced(self.source.watermark_ms)

    async def lose(self, start: int, *, until_ms: int) -> None:
        """Say that the log has lost what stood between our position and `start`; the record there arrived at `until_ms`."""
        async with self._turn:
            if self.dropped:
                return
            since_ms = self.source.watermark_ms
            mark = LossMark(
                partition=self.number,
                partitions=self.source.partitions,
                first=self.position,
                last=start - 1,
                since_ms=until_ms if since_ms is None else min(since_ms, until_ms),
                until_ms=until_ms,
            )
            await self._appender.append(self._topics.windows, [record_of_loss(mark)])
            self.position = start

    async def mark(self, idle_at_ms: int) -> None:
        """Say that the partition is idle, and send its open chunk as far as it is."""
        async with self._turn:
            if not self.dropped:
                await self._send([self.source.sealed_so_far(idle_at_ms=idle_at_ms)])
                self.idleness.announced(idle_at_ms - self.idleness.timing.grace_ms)

    async def end(self, run: str) -> None:
        """Say that the partition was read to the end of the run."""
        async with self._turn:
            if not self.dropped and not self.ended:
                mark = RunEnd(run=run, tally=self.source.tally.snapshot())
                await self._send([*self.source.settle(), self.source.end()], end=msgspec.json.encode(mark))
                self.ended = True

    def roll_ahead(self) -> None:
        """Of a partition that is read to its end: do most of what a window's end takes just before it comes."""
        if self.at_end and not self.dropped and not self._turn.locked() and self.source.course() >= NEARLY:
            self.source.roll_ahead()

    def save_if_due(self, commit: Callable[[int, int], Awaitable[None]]) -> None:
        """Begin a snapshot when it is time and none is being written; `commit` is called with number and offset when it exists."""
        late_s = time.monotonic() - self._due_s
        if self._turn.locked() or self._unsent or self.dropped or late_s < 0:
            return
        if late_s < PATIENCE_S and not WITHIN[0] <= self.source.course() <= WITHIN[1]:
            return
        if self._saving is not None and not self._saving.done():
            return
        if self._saving is not None:
            self._saving.result()
        if self._slot.position != self.source.next_offset:
            self._saving = asyncio.create_task(self._save(self.source.next_offset, self.source.snapshot(), commit))

    async def _save(self, position: int, state: dict[str, Any], commit: Callable[[int, int], Awaitable[None]]) -> None:
        started_s = time.monotonic()
        await self._slot.save(position, state)
        spent_s = time.monotonic() - started_s
        self._due_s = time.monotonic() + min(max(COST_FACTOR * spent_s, SHORTEST_S), LONGEST_S)
        await commit(self.number, position)

    async def finish(self, commit: Callable[[int, int], Awaitable[None]]) -> None:
        """Let go of the partition after a last snapshot."""
        async with self._turn:
            if self.dropped:
                return
            self.dropped = True
            if self._saving is not None:
                await asyncio.wait([self._saving])
            if not self._unsent and self._slot.position != self.source.next_offset:
                await self._save(self.source.next_offset, self.source.snapshot(), commit)

    def drop(self) -> None:
        """Let go of the partition without a word; another owner goes on from the last snapshot."""
        self.dropped = True
        if self._saving is not None:
            self._saving.cancel()
