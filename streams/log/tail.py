"""Topics -> every record of them to whoever listens, without a group: what each worker knows of the whole service."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from streams.log.append import Record
from streams.log.kafka import Kafka, TopicPartition
from streams.log.wire import record_of

log = logging.getLogger("tidegate.tail")

POLL_MS = 250
"""How long a record waits at most before it is seen: a freeze counts within 2 s."""

Listen = Callable[[str, int, Record], None]


class Tail:
    """Reads topics of one partition each, with assign() and no group.

    Args:
        recent: By topic, how many of its last records are enough; None reads it from its beginning.
        listen: Called with topic, offset and record; must not block.
    """

    def __init__(self, kafka: Kafka, recent: Mapping[str, int | None], listen: Listen) -> None:
        self._kafka = kafka
        self._recent = dict(recent)
        self._listen = listen
        self.caught_up = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled; `caught_up` is set once all that was there at the start has been read.

        Raises:
            BrokerError: when Kafka does not answer at the start.
        """
        partitions = {topic: TopicPartition(topic, 0) for topic in self._recent}
        async with self._kafka.reading(list(partitions.values())) as consumer:
            ends = await consumer.end_offsets(list(partitions.values()))
            starts = await consumer.beginning_offsets(list(partitions.values()))
            for topic, count in self._recent.items():
                tp = partitions[topic]
                if count is not None:
                    consumer.seek(tp, max(starts[tp], ends[tp] - count))
            while True:
                await self._poll(consumer)
                if not self.caught_up.is_set():
                    behind = [tp for tp in ends if ends[tp] > starts[tp] and await consumer.position(tp) < ends[tp]]
                    if not behind:
                        self.caught_up.set()

    async def _poll(self, consumer: Any) -> None:
        batches = await consumer.getmany(timeout_ms=POLL_MS)
        for tp, records in batches.items():
            for number, each in enumerate(records):
                try:
                    self._listen(tp.topic, each.offset, record_of(each.key, each.value, each.headers))
                except ValueError:
                    log.warning("%s/%d is not what it should be and is passed over", tp.topic, each.offset)
                if number % 500 == 499:
                    await asyncio.sleep(0)
