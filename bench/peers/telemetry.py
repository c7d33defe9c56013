"""Simulated traffic -> topics of one telemetry in several lengths, and a recount of each."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import numpy as np

from bench.dense import Dense
from bench.peers.answer import Recount, Sums, Window
from streams.log.kafka import Kafka
from streams.log.topics import Topic, Topics
from streams.simulate.arrivals import Arrivals
from streams.simulate.produce import TopicSink
from streams.simulate.traffic import Traffic, stream

PARTITIONS = 4
CLOSING_MS = 60_000
"""How far behind the last record those lie that close all windows."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A filled topic.

    Attributes:
        prefix: of the topic, as `--topic-prefix` has it.
        records: that are counted.
        sent: records in the topic, those included that only close the windows.
        expected: the sums of all windows that are closed.
        bytes_a_record: of the values.
    """

    prefix: str
    records: int
    sent: int
    expected: Mapping[Window, Sums]
    bytes_a_record: float

    @property
    def topic(self) -> str:
        """Its name."""
        return Topics(self.prefix).telemetry


async def fill(kafka: Kafka, prefix: str, dense: Dense, records: int) -> Telemetry:
    """Write the first `records` of a traffic, and one record a tenant a minute later, so that every engine closes all windows."""
    topic = Topics(prefix).telemetry
    await kafka.ensure([Topic(topic, PARTITIONS, {})])
    producer = await kafka.producer()
    recount, size = Recount(), 0
    last: dict[bytes, bytes] = {}
    try:
        sink = TopicSink(producer, topic, partitions=PARTITIONS)
        async for arrivals in _first(dense, records):
            recount.take(arrivals.values)
            size += sum(map(len, arrivals.values))
            last |= zip(arrivals.keys, arrivals.values, strict=True)
            await sink.write(arrivals)
        await sink.write(_closing(last, recount.last_ms + CLOSING_MS))
    finally:
        await producer.stop()
    return Telemetry(prefix, recount.records, recount.records + len(last), recount.sums, size / recount.records)


async def _first(dense: Dense, records: int) -> AsyncIterator[Arrivals]:
    left = records
    for arrivals in stream(Traffic(dense.scenario())):
        part = arrivals.at(np.arange(min(left, len(arrivals))))
        if len(part):
            yield part
        left -= len(part)
        if not left:
            return


def _closing(last: Mapping[bytes, bytes], at_ms: int) -> Arrivals:
    values = [
        re.sub(rb'"ts":\d+', b'"ts":%d' % at_ms, re.sub(rb'"event_id":"', b'"event_id":"closing-', value, count=1), count=1)
        for value in last.values()
    ]
    return Arrivals(values, list(last), np.full(len(values), at_ms, np.int64))
