"""A topic on Kafka -> a recording that keeps topic, partition, offset, timestamp, key and value of every record."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streams.errors import BrokerError, WrongUseError
from streams.log.kafka import SILENT_S, Kafka, TopicPartition
from streams.log.positions import offsets_at
from streams.source.recording import RecordingWriter

POLL_MS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is to be recorded.

    Attributes:
        start, end: positions as `streams.log.positions` has them; no end: until it is stopped.
    """

    topic: str
    start: str | int
    end: str | int | None


class Recorder:
    """Records a stretch of a topic. Stopped early it leaves a whole recording of what it has read."""

    def __init__(self, kafka: Kafka, stretch: Stretch, *, on_records: Callable[[int], None] | None = None) -> None:
        self._kafka = kafka
        self._stretch = stretch
        self._on_records = on_records
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Come to an end."""
        self._stopping.set()

    async def run(self, path: Path) -> int:
        """Write the recording, and tell how many records it has.

        Raises:
            WrongUseError: when there is no such topic.
            BrokerError: when Kafka does not answer, or answers no more.
        """
        count = await self._partitions()
        draft = path.with_name(path.name + ".part")
        tps = [TopicPartition(self._stretch.topic, number) for number in range(count)]
        async with self._kafka.reading(tps) as consumer:
            with RecordingWriter(draft, topic=self._stretch.topic, partitions=count) as writer:
                await self._copy(consumer, tps, writer)
        draft.replace(path)
        return writer.records

    async def _partitions(self) -> int:
        """Told by the list of topics first: to describe one that is missing would create it on some brokers."""
        async with self._kafka.admin() as admin:
            if self._stretch.topic not in await admin.list_topics():
                raise WrongUseError(f"there is no topic {self._stretch.topic}")
            described = await admin.describe_topics([self._stretch.topic])
        return len(described[0]["partitions"])

    async def _copy(self, consumer: Any, tps: list[TopicPartition], writer: RecordingWriter) -> None:
        starts = await offsets_at(consumer, tps, self._stretch.start)
        ends = None if self._stretch.end is None else await offsets_at(consumer, tps, self._stretch.end)
        for tp, offset in starts.items():
            consumer.seek(tp, offset)
        open_tps = {tp for tp in tps if ends is None or starts[tp] < ends[tp]}
        heard_s = time.monotonic()
        while open_tps and not self._stopping.is_set():
            batches = await consumer.getmany(*open_tps, timeout_ms=POLL_MS)
            for tp, records in batches.items():
                heard_s = time.monotonic()
                _keep(writer, tp, [each for each in records if ends is None or each.offset < ends[tp]])
            if ends is not None:
                open_tps = {tp for tp in open_tps if await consumer.position(tp) < ends[tp]}
                if open_tps and time.monotonic() - heard_s > SILENT_S:
                    raise BrokerError(f"Kafka does not give what it has of {self._stretch.topic}")
            if self._on_records is not None:
                self._on_records(writer.records)


def _keep(writer: RecordingWriter, tp: TopicPartition, records: list[Any]) -> None:
    if records:
        writer.write(
            tp.partition,
            offsets=[each.offset for each in records],
            timestamps_ms=[each.timestamp for each in records],
            keys=[each.key for each in records],
            values=[each.value for each in records],
        )
