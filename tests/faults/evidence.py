"""The topics of an installation, read to their ends -> what was sent, found, decided and done."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from actions.decision import Decision
from actions.ledger import LedgerRecord, Settled, decode_record
from actions.quotas import Quota, decode_quota
from actions.receipt import Receipt
from detectors.canonical import parse_time
from streams.block import Sealed
from streams.log.kafka import TopicPartition
from streams.log.wire import Assembly, record_of
from tests.kafka.service import Service

WINDOW = b"window/"
"""Begins the key of a judged window's marker."""


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What the topics hold.

    Attributes:
        telemetry: by partition, the values in offset order.
        dead: (partition, offset) of refused records, with their values; repeats are one.
        blocks: of each (partition, chunk) the largest block; None is the chunk before the first record.
        judged_ms: window end -> when it was first judged, both epoch ms.
    """

    telemetry: dict[int, list[tuple[int, bytes]]]
    dead: dict[tuple[int, int], bytes]
    blocks: dict[tuple[int, int | None], Sealed]
    marks: list[Sealed]
    decisions: dict[str, Decision]
    receipts: dict[str, Receipt]
    ledger: list[LedgerRecord]
    quotas: list[Quota]
    judged_ms: dict[int, int]
    raw: dict[str, list[bytes]]

    @property
    def settled(self) -> dict[str, list[Settled]]:
        """Receipts in the ledger, by decision."""
        found: dict[str, list[Settled]] = {}
        for each in self.ledger:
            if isinstance(each, Settled):
                found.setdefault(each.receipt.decision_id, []).append(each)
        return found

    def lateness_s(self, since_ms: int, grace_ms: int) -> list[float]:
        """Of each window that ended since then, how long after its end and the grace it was judged, in seconds."""
        return [(at_ms - end_ms - grace_ms) / 1000 for end_ms, at_ms in self.judged_ms.items() if end_ms >= since_ms]


def gather(service: Service, partitions: int) -> Evidence:
    """Read everything."""
    topics = service.topics
    read = {
        name: _read(service, name, [0])[0]
        for name in (topics.dead_letters, topics.windows, topics.anomalies, topics.incidents, topics.decisions, topics.receipts)
    }
    read |= {name: _read(service, name, [0])[0] for name in (topics.ledger, topics.quotas, topics.audit)}
    telemetry = _read(service, topics.telemetry, range(partitions))
    marks = _blocks(read[topics.windows])
    return Evidence(
        telemetry={p: [(each.offset, each.value) for each in records] for p, records in telemetry.items()},
        dead={_place(each.key): each.value for each in read[topics.dead_letters]},
        blocks=_largest(marks),
        marks=marks,
        decisions={
            d.id: d for each in read[topics.decisions] if each.value for d in [msgspec.json.decode(each.value, type=Decision)]
        },
        receipts={r.decision_id: r for each in read[topics.receipts] for r in [msgspec.json.decode(each.value, type=Receipt)]},
        ledger=[decode_record(each.value) for each in read[topics.ledger]],
        quotas=[decode_quota(each.value) for each in read[topics.quotas] if each.value],
        judged_ms=_judged(read[topics.anomalies]),
        raw={name: [each.value for each in records if each.value] for name, records in read.items()},
    )


def keys_of(service: Service, partition: TopicPartition) -> list[bytes]:
    """The keys of all records of one partition."""
    return [each.key for each in _read(service, partition.topic, [partition.partition])[partition.partition]]


def _read(service: Service, topic: str, partitions: Sequence[int]) -> dict[int, list[Any]]:
    async def read() -> dict[int, list[Any]]:
        tps = [TopicPartition(topic, each) for each in partitions]
        found: dict[int, list[Any]] = {each: [] for each in partitions}
        async with service.kafka.reading(tps) as consumer:
            async for record in service.kafka.to_the_end(consumer, tps):
                found[record.partition].append(record)
        return found

    return asyncio.run(read())


def _judged(records: Sequence[Any]) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in records:
        if each.key.startswith(WINDOW):
            found.setdefault(parse_time(each.key.removeprefix(WINDOW).decode()), each.timestamp)
    return found


def _place(key: bytes) -> tuple[int, int]:
    _, partition, offset = key.decode().rsplit("/", 2)
    return int(partition), int(offset)


def _blocks(records: Sequence[Any]) -> list[Sealed]:
    assembly, found = Assembly(), []
    for each in records:
        arrived = assembly.add(each.offset, record_of(each.key, each.value, each.headers))
        if arrived is not None:
            found.append(arrived.sealed)
    return found


def _largest(blocks: Sequence[Sealed]) -> dict[tuple[int, int | None], Sealed]:
    largest: dict[tuple[int, int | None], Sealed] = {}
    for each in blocks:
        place = (each.marker.partition, each.marker.chunk)
        if place not in largest or each.marker.upto > largest[place].marker.upto:
            largest[place] = each
    return largest
