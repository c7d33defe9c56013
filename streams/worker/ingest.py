"""`telemetry` -> blocks on `tidegate.windows` (engine.md, stage 1): the service that reads in batches, in a group of its own."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from streams.errors import BrokerError
from streams.log.fetched import Fetched
from streams.log.formats import refused
from streams.log.kafka import IllegalStateError, KafkaError, TopicPartition
from streams.log.snapshot import Slot, Snapshot
from streams.now import Now, Steady
from streams.partition import SourcePartition
from streams.settings import Clock
from streams.worker.ahead import Ahead
from streams.worker.assignments import Assignments
from streams.worker.ends import Ends
from streams.worker.gaps import Gaps
from streams.worker.idle import Idleness, Skew
from streams.worker.ingest_metrics import IngestMetrics
from streams.worker.kicked import Kicked, other_worker
from streams.worker.owned import OwnedPartition, may_rest
from streams.worker.parts import Parts
from streams.worker.slack import Slack
from streams.worker.staggered import HEAD_START_S, staggered

log = logging.getLogger("tidegate.ingest")

MAX_RECORDS = 2_000
"""Fetched at once: with more, records have left the processor's cache before they are decoded (a tenth of the throughput)."""
POLL_MS = 200
REST_S = 0.1
"""Between two looks at what is new, where all was read: at 20,000 records a second a third of the work was looking for them."""
RELEASE_S = 5.0
"""How long a partition that is taken away may take to leave a last snapshot."""


class Ingest:
    """Reads the partitions that the group gives this worker, and turns each into blocks.

    A partition that is being restored is paused. A failed send holds everything up until it succeeds: nothing passes it. State is
    kept in snapshots, and the group's offset is committed after the snapshot that holds it.
    """

    def __init__(
        self, *, parts: Parts, metrics: IngestMetrics, now: Now, judged_ms: Callable[[], int | None] = lambda: None
    ) -> None:
        self._kafka = parts.kafka
        self._appender = parts.appender
        self._snapshots = parts.snapshots
        self._topics = parts.topics
        self._plan = parts.plan
        self._metrics = metrics
        self._now = now
        self._gaps = Gaps(parts.losses, now)
        self._steady = Steady()
        self._skew = Skew()
        self._consumer: Any = None
        self._owned: dict[TopicPartition, OwnedPartition] = {}
        self._restoring: dict[TopicPartition, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._judged_ms = judged_ms
        self._ahead = Ahead(parts.plan.timing.ahead_ms)
        self._waiting: frozenset[int] = frozenset()
        self._instance = parts.instance
        self._kicked = Kicked()
        self._slack = Slack()
        self._failure: BrokerError | None = None
        self.ends: Ends | None = None

    @property
    def started(self) -> bool:
        """Whether `run` was called."""
        return self._consumer is not None

    @property
    def restored(self) -> bool:
        """Whether every partition that this worker has is being read."""
        return self._consumer is not None and not self._restoring

    def stop(self) -> None:
        """Come to an end after the batch at hand."""
        self._stopping.set()

    async def run(self, *, ends: Ends | None = None) -> None:
        """Read until `stop`.

        Raises:
            BrokerError: when Kafka does not answer at the start, refuses what is written, or has another worker of our id.
        """
        self.ends = ends
        self._consumer = self._kafka.member(self._topics.group("ingest"), instance=self._instance)
        await self._kafka.start(self._consumer)
        self._consumer.subscribe([self._topics.telemetry], listener=Assignments(self))
        try:
            while not self._stopping.is_set():
                await self._poll()
                if self._failure is not None:
                    raise self._failure
                if self.ends is None and may_rest(self._owned.values()):
                    await asyncio.sleep(REST_S)
        except KafkaError as error:
            raise BrokerError(self._kicked.said(error, self._instance, time.monotonic())) from error
        finally:
            await self.released(list(self._owned))
            await self._consumer.stop()

    async def _poll(self) -> None:
        before = dict(self._owned)
        batches = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        fetched = {tp: Fetched.of(records) for tp, records in batches.items()}
        taken = [(tp, self._within(tp, its)) for tp, its in fetched.items() if self._is_next(tp, before.get(tp))]
        for tp, its in taken:
            self._hear(tp, its)
        takes = [self._gaps.take(self._consumer, tp, self._owned[tp], its, self._metrics) for tp, its in taken]
        await staggered(takes, head_start_s=HEAD_START_S if all(self._owned[tp].at_end for tp, _ in taken) else 0.0)
        for tp in list(self._owned):
            await self._look_after(tp)
        self._hold_back()
        self._slack.give_back()
        self._metrics.refresh()
        self._metrics.owned([tp.partition for tp in self._owned])
        for task in [task for task in self._restoring.values() if task.done()]:
            task.result()

    def _hold_back(self) -> None:
        """Pause the partitions that run ahead of the others, and let go on those that do no more."""
        reading = {
            tp.partition: owned.source.watermark_ms
            for tp, owned in self._owned.items()
            if owned.source.watermark_ms is not None and owned.position < self._end_of(tp)
        }
        judged_ms = self._judged_ms() if self.ends is None else None
        waiting = self._ahead.waiting(reading, judged_ms=judged_ms, at_s=time.monotonic())
        for tp in self._owned.keys() & self._consumer.assignment():
            if tp.partition in waiting - self._waiting:
                self._consumer.pause(tp)
                log.info("partition %d runs ahead of the others and waits at %d", tp.partition, self._owned[tp].position)
            elif tp.partition in self._waiting - waiting:
                self._consumer.resume(tp)
        self._waiting = waiting
        self._metrics.waiting(len(waiting))

    def _end_of(self, tp: TopicPartition) -> int:
        """Up to where there is something to read: the end of the run or of the partition, as far as it is known."""
        return self.ends.offsets.get(tp.partition, 0) if self.ends is not None else self._highwater(tp) or 0

    def _is_next(self, tp: TopicPartition, before: OwnedPartition | None) -> bool:
        """Whether what was just fetched follows the state.

        A fetch that began before the partition was restored may hold records from anywhere, and has moved the position past them.
        """
        owned = self._owned.get(tp)
        if owned is not None and owned is not before and tp in self._consumer.assignment():
            self._consumer.seek(tp, owned.position)
        return owned is not None and owned is before

    def _within(self, tp: TopicPartition, fetched: Fetched) -> Fetched:
        """The records below the end of the run."""
        return fetched if self.ends is None else fetched.below(self.ends.offsets.get(tp.partition, 0))

    def _hear(self, tp: TopicPartition, fetched: Fetched) -> None:
        if not fetched:
            return
        largest_ms = int(fetched.arrivals_ms.max())
        self._now.heard(largest_ms)
        self._metrics.unkeyed(fetched.unkeyed)
        owned = self._owned[tp]
        if owned.at_end and fetched.offset + 1 >= (self._highwater(tp) or 0):
            arrival_ms = int(fetched.arrivals_ms[-1])
            self._skew.read(arrival_ms=arrival_ms, at_ms=self._steady.even_ms, ahead_ms=self._steady.ahead_ms)
        owned.idleness.read(largest_ms if self._now.clock is Clock.STREAM else self._steady.even_ms)

    @property
    def _ahead_ms(self) -> int:
        """How far our even clock is ahead of arrivals, or else of a clock that is believed to be right."""
        return self._steady.ahead_ms if self._skew.ms is None else self._skew.ms

    async def _look_after(self, tp: TopicPartition) -> None:
        """Marks, snapshots and figures of one partition."""
        owned = self._owned.get(tp)
        if owned is None or tp not in self._consumer.assignment():
            return
        position = await self._position(tp, owned)
        if position is None:
            return
        highwater = self._highwater(tp)
        watermark_ms = owned.source.watermark_ms
        owned.at_end = highwater is not None and position >= highwater
        if self.ends is not None:
            if position >= self.ends.offsets.get(tp.partition, 0):
                await owned.end(self.ends.run)
        elif owned.at_end:
            idle_at_ms = await self._mark_if_idle(tp, owned)
            if idle_at_ms is not None:
                watermark_ms = max(watermark_ms or 0, idle_at_ms - self._plan.timing.grace_ms)
        owned.roll_ahead()
        owned.save_if_due(self._commit)
        self._metrics.partition(tp.partition, lag=max((highwater or 0) - position, 0), watermark_ms=watermark_ms)
        self._metrics.skew(self._ahead_ms - self._steady.ahead_ms)

    async def _position(self, tp: TopicPartition, owned: OwnedPartition) -> int | None:
        """The offset of the next record of a partition, when it is still ours; what the log lost before that is named."""
        try:
            position = int(await self._consumer.position(tp))
        except IllegalStateError:
            return None
        if self._owned.get(tp) is owned:
            await self._gaps.pass_over(self._consumer, tp, owned, position)
        return position if self._owned.get(tp) is owned else None

    def _highwater(self, tp: TopicPartition) -> int | None:
        """The end of a partition as the last fetch saw it; None when that is not known, or the partition not ours any more."""
        return self._consumer.highwater(tp) if tp in self._consumer.assignment() else None

    async def _mark_if_idle(self, tp: TopicPartition, owned: OwnedPartition) -> int | None:
        """Say that a partition that was read to its end is idle, when that is so and lets a window be complete."""
        stream = self._now.clock is Clock.STREAM
        ended_at_ms = self._now.ms if stream else self._steady.even_of(self._consumer.last_poll_timestamp(tp))
        if not ended_at_ms:
            return None
        idle_at_ms = owned.idleness.idle_at(ended_at_ms=ended_at_ms, skew_ms=0 if stream else self._ahead_ms)
        if idle_at_ms is not None and owned.idleness.is_due(idle_at_ms):
            await owned.mark(idle_at_ms)
        return idle_at_ms

    async def _commit(self, number: int, position: int) -> None:
        """Commit what a snapshot holds; when the group does not take it, the snapshot counts all the same."""
        try:
            await self._consumer.commit({TopicPartition(self._topics.telemetry, number): position})
        except KafkaError as error:
            log.warning("offset %d of partition %d was not committed: %s", position, number, error or type(error).__name__)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """The group gave us partitions: hold them until their state is there."""
        self._consumer.pause(*partitions)
        for tp in partitions:
            if (earlier := self._restoring.get(tp)) is not None:
                earlier.cancel()  # what it finds may be older than what has happened since
            self._restoring[tp] = asyncio.create_task(self._restore(tp))

    async def _restore(self, tp: TopicPartition) -> None:
        slot, snapshot = await self._snapshots.open(f"ingest/{tp.partition}")
        source = None if snapshot is None else await self._restored(tp, slot, snapshot)
        position = await self._first_offset(tp) if snapshot is None or source is None else snapshot.position
        source = source or self._new_source(tp)
        if self._restoring.get(tp) is not asyncio.current_task():
            return  # it went, and perhaps came again, meanwhile: aiokafka may swallow a cancellation
        idleness = Idleness(self._plan.timing)
        idleness.announced(source.watermark_ms)
        owned = OwnedPartition(
            tp.partition, source=source, idleness=idleness, slot=slot, appender=self._appender, topics=self._topics
        )
        owned.position = position
        self._metrics.restored(tp.partition, source.tally)
        del self._restoring[tp]
        if tp in self._consumer.assignment():
            self._owned[tp] = owned
            self._waiting -= {tp.partition}
            self._consumer.seek(tp, position)
            self._consumer.resume(tp)
            log.info("partition %d goes on at %d", tp.partition, position)

    def _new_source(self, tp: TopicPartition) -> SourcePartition:
        count = len(self._consumer.partitions_for_topic(tp.topic) or {tp.partition})
        return self._plan.source(tp.partition, has_arrival=True, partitions=count)

    async def _restored(self, tp: TopicPartition, slot: Slot, snapshot: Snapshot) -> SourcePartition | None:
        """The state that a snapshot saw; None when it does not fit this version, and the log has to be read again."""
        source = self._new_source(tp)
        try:
            await asyncio.to_thread(source.restore, snapshot.state)
        except Exception as error:  # noqa: BLE001 (what a state that does not fit does to a stage can be anything)
            self._snapshots.unusable(slot.key, snapshot.position, refused(error))
            slot.position = None
            return None
        return source

    async def _first_offset(self, tp: TopicPartition) -> int:
        return int((await self._consumer.beginning_offsets([tp]))[tp])

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """The group takes partitions away; two workers of one id would go on taking them from each other for ever."""
        if partitions and self._instance is not None and self._kicked.lost(time.monotonic()):
            self._failure = BrokerError(other_worker(self._instance))

    async def released(self, partitions: Sequence[TopicPartition]) -> None:
        """The group takes partitions away, or we stop: leave a last snapshot of each, if that is quick."""
        for task in [self._restoring.pop(tp) for tp in partitions if tp in self._restoring]:
            task.cancel()
        going = [owned for tp in partitions if (owned := self._owned.pop(tp, None)) is not None]
        if going:
            self._slack.give_back(at_once=True)
            _, late = await asyncio.wait([asyncio.create_task(each.finish(self._commit)) for each in going], timeout=RELEASE_S)
            for task in late:
                task.cancel()
            for each in going:
                each.drop()
