"""Where the log of a source partition goes on elsewhere than it was read to -> what it lost of that is named, or work ends."""

from typing import Any

from streams.errors import BrokerError
from streams.log.fetched import Fetched
from streams.log.kafka import TopicPartition
from streams.log.lost import Losses, cut
from streams.now import Now
from streams.worker.ingest_metrics import IngestMetrics
from streams.worker.owned import OwnedPartition


class Gaps:
    """Compares where a partition goes on with where its state ends.

    The client goes to the beginning of a log by itself when what it asks for is not there. Transactions and compaction leave gaps,
    too; those have lost nothing.
    """

    def __init__(self, losses: Losses, now: Now) -> None:
        self._losses = losses
        self._now = now

    async def take(
        self, consumer: Any, tp: TopicPartition, owned: OwnedPartition, fetched: Fetched, metrics: IngestMetrics
    ) -> None:
        """Feed what was read, after a word on what is missing before it.

        Raises:
            BrokerError: when it was read before, at other offsets; or what is written is refused.
        """
        if fetched:
            offset, arrived_ms = fetched.numbers[:2, 0].tolist()
            await self.pass_over(consumer, tp, owned, offset, arrived_ms=arrived_ms)
        await owned.take(fetched, metrics)

    async def pass_over(
        self, consumer: Any, tp: TopicPartition, owned: OwnedPartition, offset: int, *, arrived_ms: int | None = None
    ) -> None:
        """The partition goes on at `offset`, with a record that arrived at `arrived_ms`, or with none yet.

        Raises:
            BrokerError: when the log does not have any more what was read.
        """
        if offset < owned.position:
            raise BrokerError(cut(tp, offset, owned.position))
        if offset == owned.position:
            return
        start = int((await consumer.beginning_offsets([tp]))[tp])
        if start > owned.position:
            self._losses.tell(tp, owned.position, start - 1)
            await owned.lose(start, until_ms=self._now.ms if arrived_ms is None else arrived_ms)
        owned.position = max(owned.position, offset)
