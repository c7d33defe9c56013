"""A traffic -> its records on a Kafka topic, keyed by tenant, with their arrival as timestamp, at a chosen speed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from streams.batch import Numbers
from streams.simulate.arrivals import Arrivals, Partitioning
from streams.simulate.traffic import Traffic

TICK_S = 0.1


class TopicSink:
    """Sends records to a topic, and waits until all are acknowledged.

    Args:
        producer: A started aiokafka producer.
        topic: Where to.
        partitions: How many the topic has.
    """

    def __init__(self, producer: Any, topic: str, *, partitions: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partitioning = Partitioning(partitions)

    async def write(self, arrivals: Arrivals) -> None:
        """Send records; returns when the broker has them all. Order within a partition is kept."""
        waiting = []
        for partition, (batch, keys) in self._partitioning.deal(arrivals).items():
            assert batch.arrivals_ms is not None
            waiting += await self._send(partition, batch.values, keys, batch.arrivals_ms)
        for future in waiting:
            await future

    async def _send(self, partition: int, values: Sequence[bytes | None], keys: Sequence[bytes], arrivals_ms: Numbers) -> list[Any]:
        sent, batch = [], self._producer.create_batch()
        for value, key, at_ms in zip(values, keys, arrivals_ms, strict=True):
            if batch.append(key=key, value=value, timestamp=at_ms) is None:
                sent.append(await self._producer.send_batch(batch, self._topic, partition=partition))
                batch = self._producer.create_batch()
                batch.append(key=key, value=value, timestamp=at_ms)
        if batch.record_count():
            sent.append(await self._producer.send_batch(batch, self._topic, partition=partition))
        return sent


async def produce(traffic: Traffic, sink: TopicSink, *, speed: float | None, tick_s: float = TICK_S) -> AsyncIterator[int]:
    """Send all of a traffic.

    Args:
        traffic: What to send.
        sink: Where to.
        speed: Simulated seconds a second; None is as fast as it goes.
        tick_s: How often something is sent, seconds.

    Yields:
        Up to which simulated time everything was sent, epoch milliseconds.
    """
    clock = asyncio.get_running_loop().time
    start_ms = until_ms = traffic.scenario.start_ms
    began_s = clock()
    step_ms = max(1, round(tick_s * 1000 * speed)) if speed else traffic.portion_ms
    while not traffic.done:
        until_ms += step_ms
        if speed:
            await asyncio.sleep(max(0.0, (until_ms - start_ms) / 1000 / speed - (clock() - began_s)))
        await sink.write(traffic.step(until_ms))
        yield until_ms
