"""Topics whose heads are deleted -> what they had held before, and what of it workers say they never read."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from streams.log.kafka import TopicPartition
from tests.kafka.service import Service

SAID = re.compile(r"(\S+)/(\d+) has lost its records (\d+) to (\d+)")


@dataclass(slots=True)
class Kept:
    """Records by topic and partition, each once, in the order of their offsets."""

    records: dict[TopicPartition, dict[int, Any]] = field(default_factory=dict)

    def keep(self, tp: TopicPartition, records: Iterable[Any]) -> list[Any]:
        """What a partition holds now, after what is known of it."""
        known = self.records.get(tp, {})
        return [each for _, each in sorted((known | {each.offset: each for each in records}).items())]

    def remember(self, service: Service, tp: TopicPartition) -> list[Any]:
        """Read a partition before something of it is deleted."""
        found = self.keep(tp, read(service, tp.topic, [tp.partition])[tp.partition])
        self.records[tp] = {each.offset: each for each in found}
        return found


def read(service: Service, topic: str, partitions: Sequence[int]) -> dict[int, list[Any]]:
    """All records of partitions of a topic."""

    async def gathered() -> dict[int, list[Any]]:
        tps = [TopicPartition(topic, each) for each in partitions]
        found: dict[int, list[Any]] = {each: [] for each in partitions}
        async with service.kafka.reading(tps) as consumer:
            async for record in service.kafka.to_the_end(consumer, tps):
                found[record.partition].append(record)
        return found

    return asyncio.run(gathered())


def said_lost(service: Service) -> dict[TopicPartition, list[range]]:
    """The offsets that workers named as lost, by partition."""
    found: dict[TopicPartition, list[range]] = {}
    for worker in service.started:
        for topic, partition, first, last in SAID.findall(worker.log.read_text()):
            ranges = found.setdefault(TopicPartition(topic, int(partition)), [])
            if (lost := range(int(first), int(last) + 1)) not in ranges:
                ranges.append(lost)
    return found
