"""Records for one partition -> the same records in Kafka, in order and acknowledged, before the call returns."""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)

from streams.errors import BrokerError
from streams.log.kafka import Kafka, KafkaError

log = logging.getLogger("tidegate.append")

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 10.0
HOPELESS = (MessageSizeTooLargeError, InvalidTopicError, TopicAuthorizationFailedError, ClusterAuthorizationFailedError)
"""What the broker would answer again."""

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be written; `value` None is a tombstone in a compacted topic, a marker elsewhere."""

    key: bytes
    value: bytes | None
    headers: Headers = ()


class Appender:
    """The one writer of a worker's stages. What it was given is written before it takes more for the same partition.

    A batch of Kafka is written whole or not at all, so records that fit into one stand together; a failed batch is sent again until
    it is acknowledged, and nothing that comes after it passes.
    """

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._producer: Any = None
        self._renewal = asyncio.Lock()
        self._order: dict[tuple[str, int], asyncio.Lock] = {}
        self.failing_since_s: float | None = None
        """Monotonic time since which nothing could be written; None while all is well."""

    async def start(self) -> None:
        """Connect.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        self._producer = await self._kafka.producer()

    async def stop(self) -> None:
        """Disconnect; what was given and not acknowledged is lost."""
        if self._producer is not None:
            await self._producer.stop()

    async def append(self, topic: str, records: Sequence[Record], *, partition: int = 0) -> int:
        """Write `records` to one partition, in order, and give the offset of the last one; tries for as long as that takes.

        Raises:
            BrokerError: when the broker refuses them for good.
        """
        async with self._order.setdefault((topic, partition), asyncio.Lock()):
            at, last = 0, -1
            while at < len(records):
                count, last = await self._send(topic, partition, records[at:])
                at += count
            return last

    async def _send(self, topic: str, partition: int, records: Sequence[Record]) -> tuple[int, int]:
        """Write as many as one batch takes, and tell how many, and the offset of the last."""
        for wait_s in waits_s():
            producer = self._producer
            try:
                batch, count = _batch(producer, records)
                written = await (await producer.send_batch(batch, topic, partition=partition))
            except HOPELESS as error:
                raise BrokerError(f"{topic} refuses what is written to it: {error}") from error
            except KafkaError as error:
                self.failing_since_s = self.failing_since_s or time.monotonic()
                log.warning("%s: %s; sent again in %.1f s", topic, error or type(error).__name__, wait_s)
                await asyncio.sleep(wait_s)
                await self._renew(producer)
            else:
                self.failing_since_s = None
                return count, written.offset + count - 1
        raise AssertionError("the waits never end")

    async def _renew(self, failed: Any) -> None:
        """Replace a producer that failed: an idempotent one may have lost its place in the sequence."""
        async with self._renewal:
            if self._producer is not failed:
                return
            try:
                fresh = await self._kafka.producer()
            except BrokerError:
                return
            self._producer = fresh
            await failed.stop()


def _batch(producer: Any, records: Sequence[Record]) -> tuple[Any, int]:
    """A batch of as many of `records` as fit, one at least."""
    batch, now_ms = producer.create_batch(), int(time.time() * 1000)
    for count, each in enumerate(records):
        if batch.append(key=each.key, value=each.value, timestamp=now_ms, headers=list(each.headers)) is None:
            batch.close()
            return batch, count
    batch.close()
    return batch, len(records)


def waits_s() -> Iterator[float]:
    """Seconds before each further attempt: doubling from 0.2 to 10, without end."""
    wait_s = FIRST_WAIT_S
    while True:
        yield wait_s
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
