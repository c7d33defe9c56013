"""What stage 2 has seen of each source partition -> marks on `tidegate.windows` for the blind ones, and a word to a person."""

import asyncio
import logging
import time
from collections.abc import Awaitable

from streams.blind import Sight
from streams.errors import BrokerError
from streams.log.kafka import KafkaError, TopicPartition
from streams.log.wire import record_of_blind
from streams.now import Steady
from streams.settings import Clock
from streams.worker.detect import Detect
from streams.worker.parts import Parts
from streams.worker.stateful import Stateful

log = logging.getLogger("tidegate.watch")

LOOK_S = 2.0
ASK_S = 4.0
"""How long Kafka may take to say why; a page does not wait longer for it."""


class Watch:
    """Keeps windows going while a source partition is blind; the worker that judges watches.

    There is nothing to watch with a stream clock, whose time stands still, nor in a run that ends, which waits for every partition.
    """

    def __init__(self, parts: Parts, detecting: Stateful) -> None:
        self._parts = parts
        self._detecting = detecting
        self._sight = Sight(parts.plan.timing)
        self._watched: Detect | None = None
        self._known: dict[int, str] = {}
        self._marked_ms = 0
        self._steady = Steady()

    async def run(self) -> None:
        """Look every two seconds."""
        while self._parts.clock is Clock.WALL:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except (BrokerError, KafkaError) as error:
                log.warning("the source partitions cannot be watched: %s", error or type(error).__name__)

    async def look(self) -> None:
        """Look once.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        stage = self._detecting.stage
        if not isinstance(stage, Detect):
            return
        if stage is not self._watched:
            self._sight, self._watched, self._known = Sight(self._parts.plan.timing), stage, {}
        now_ms = self._steady.ms
        blind = self._sight.look(stage.seen_ms(), now_ms=now_ms, at_s=time.monotonic())
        await self._name(blind)
        marks = self._sight.marks(blind, self._known, now_ms=now_ms)
        if marks and marks[0].until_ms > self._marked_ms and await self._has_read_all(stage):
            self._marked_ms = marks[0].until_ms
            await self._parts.appender.append(self._parts.topics.windows, [record_of_blind(each) for each in marks])

    async def _has_read_all(self, stage: Detect) -> bool:
        """A worker that is behind in the log of blocks would take its own delay for blindness."""
        tp = TopicPartition(self._parts.topics.windows, 0)
        async with self._parts.kafka.reading([tp]) as consumer:
            end = int((await consumer.end_offsets([tp]))[tp])
        return stage.next_offset >= end and stage is self._detecting.stage

    async def _name(self, blind: tuple[int, ...]) -> None:
        """Say which partitions have become blind and why, and which are seen again."""
        for each in [each for each in self._known if each not in blind]:
            log.warning("source partition %d is seen again", each)
            del self._known[each]
        fresh = [each for each in blind if each not in self._known]
        if fresh:
            why = await self._why()
            for each in fresh:
                self._known[each] = why.get(each, "lagging")
                log.warning("source partition %d is blind: %s", each, self._known[each])

    async def _why(self) -> dict[int, str]:
        """Of partitions without an owner or a leader, which it is; of all others, nothing."""
        topics, kafka = self._parts.topics, self._parts.kafka
        watched = set(self._watched.seen_ms()) if self._watched is not None else set()
        unled = await _answered(kafka.unled(topics.telemetry), set())
        owned = await _answered(kafka.owned(topics.group("ingest"), topics.telemetry), watched)
        return {**dict.fromkeys(watched - owned, "without an owner"), **dict.fromkeys(unled, "without a leader")}


async def _answered(asked: Awaitable[set[int]], unknown: set[int]) -> set[int]:
    """What Kafka answers in time, else what is taken for it."""
    try:
        async with asyncio.timeout(ASK_S):
            return await asked
    except (TimeoutError, KafkaError, BrokerError):
        return unknown
