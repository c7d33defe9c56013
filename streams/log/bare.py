"""Records of a fetched partition as columns, for a consumer that asks for them; those of every other one as aiokafka has them.

A `ConsumerRecord` tells of topic, sizes, checksum and headers as well. To make one takes longer than to learn what it says.
"""

import sys
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.memory_records import MemoryRecords

from streams.log.fetched import Fetched
from streams.log.record_batch import RecordBatches


def bare(value: bytes | None) -> bytes | None:
    """The value deserializer of a consumer whose `getmany` gives a `Fetched` for each partition."""
    return value


class AnsweredRecords:
    """What aiokafka makes of the bytes of one partition, and those bytes."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._records: Any = MemoryRecords(raw)
        self.has_next, self.next_batch, self.size_in_bytes = (
            self._records.has_next,
            self._records.next_batch,
            self._records.size_in_bytes,
        )


class BareRecords(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka carries no types
    """The records of a fetched partition, by runs: transactions, marks and positions are aiokafka's work as ever."""

    _records_iterator: Any

    def __init__(self, tp: Any, records: AnsweredRecords, *settings: Any) -> None:
        super().__init__(tp, records, *settings)
        self.is_bare = self._value_deserializer is bare
        self._rest: Fetched | None = None
        if self.is_bare:
            self._records = RecordBatches(records.raw)

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record.since(self.next_fetch_offset) if self.is_bare else super()._consumer_record(tp, record)

    def take(self, most: int | None) -> tuple[Fetched, bool]:
        """The next records, at most so many, and whether there may be more."""
        runs: list[Fetched] = []
        room = sys.maxsize if most is None else most
        while room:
            run, self._rest = self._rest or next(self._records_iterator, None), None
            if run is None:
                self._records_iterator = None  # it refers to us
                break
            if len(run) > room:
                run, self._rest = run[:room], run[room:]
            self.next_fetch_offset = run.offset + 1
            runs.append(run)
            room -= len(run)
        return Fetched.joined(runs), self._records_iterator is not None


class BareResult(fetcher.FetchResult):  # type: ignore[misc]
    """What was fetched of a partition, which hands out bare records as columns."""

    _partition_records: Any

    def getall(self, max_records: int | None = None) -> Any:
        """The next records at the position, at most so many; none where the position is elsewhere by now."""
        records = self._partition_records
        if records is not None and not records.is_bare:
            return super().getall(max_records)
        if records is None or not self.check_assignment(self._topic_partition):
            return []
        taken, more = records.take(max_records)
        self._update_position()
        if not more:
            self._partition_records = None
        return taken


# aiokafka has no setting for it. Where it does not look here any more, records are whole again and dearer, and a test says so.
fetcher.MemoryRecords = AnsweredRecords
fetcher.PartitionRecords = BareRecords
fetcher.FetchResult = BareResult
