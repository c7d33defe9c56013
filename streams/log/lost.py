"""Offsets that a log had no more when they were to be read -> counted and named, so that nothing is lost in silence."""

import logging
from collections.abc import Callable

from streams.errors import BrokerError
from streams.log.kafka import Kafka, TopicPartition

log = logging.getLogger("tidegate.lost")


class Losses:
    """What the topics of a worker have lost.

    Args:
        on_lost: Told of topic and number of offsets; where a topic is compacted, fewer records may have stood there.
    """

    def __init__(self, kafka: Kafka, on_lost: Callable[[str, int], None]) -> None:
        self._kafka = kafka
        self._on_lost = on_lost

    def tell(self, tp: TopicPartition, first: int, last: int) -> None:
        """Name the offsets from `first` to `last`."""
        log.error("%s/%d has lost its records %d to %d: they were deleted before they were read", *tp, first, last)
        self._on_lost(tp.topic, last - first + 1)

    async def refuse_cut(self, topic: str, position: int) -> None:
        """Do not go on behind the end of a log: what is written there next would be taken for known.

        Raises:
            BrokerError: when the one partition of a topic ends before `position`, or Kafka does not answer.
        """
        tp = TopicPartition(topic, 0)
        async with self._kafka.reading([tp]) as consumer:
            end = int((await consumer.end_offsets([tp]))[tp])
        if end < position:
            raise BrokerError(cut(tp, end, position))

    async def unread(self, group: str, topic: str) -> None:
        """Name what the one partition of a topic lost above what a group has acknowledged.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        tp = TopicPartition(topic, 0)
        async with self._kafka.admin() as admin:
            position = int((await admin.list_consumer_group_offsets(group, partitions=[tp]))[tp].offset)
        async with self._kafka.reading([tp]) as consumer:
            start = int((await consumer.beginning_offsets([tp]))[tp])
        if start > position >= 0:
            self.tell(tp, position, start - 1)


def cut(tp: TopicPartition, at: int, position: int) -> str:
    """The error for a person when a log does not have its end any more."""
    return (
        f"{tp.topic}/{tp.partition} goes on at offset {at}, and was read up to {position}: its end was lost, or it was made anew. "
        "What it led to stands in the topics of results; to begin again, delete the topic of snapshots as well"
    )
