"""The topics of an installation, read to their ends -> what was sent, found, decided and done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from actions.decision import Decision
from actions.ledger import LedgerRecord, Settled, decode_record
from actions.quotas import Quota, decode_quota
from actions.receipt import Receipt
from detectors.anomaly import Judgement
from detectors.canonical import parse_time, time_text
from streams.block import Sealed
from streams.log.append import Record
from streams.log.judgement_wire import JUDGEMENT
from streams.log.kafka import TopicPartition
from streams.log.topics import Topics
from streams.log.wire import Assembly, loss_mark_of, record_of
from streams.loss import LossMark
from tests.faults.kept import Kept, read
from tests.kafka.service import Service

WINDOW = b"window/"
"""Begins the key of a judged window's marker."""


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What the topics hold.

    Attributes:
        telemetry: by partition, the values in offset order, without what was lost unread.
        arrivals_ms: when they arrived.
        lost: how many records were lost unread, as `losses` name them.
        windows: the records of `tidegate.windows` by offset.
        incomplete: of each judged window that misses something, of which partitions and why.
        dead: (partition, offset) of refused records, with their values; repeats are one.
        blocks: of each (partition, chunk) the largest block; None is the chunk before the first record.
        judged_ms: window end -> when it was first judged, both epoch ms.
    """

    telemetry: dict[int, list[tuple[int, bytes]]]
    arrivals_ms: dict[int, list[int]]
    lost: int
    losses: list[LossMark]
    windows: list[tuple[int, Record]]
    incomplete: dict[str, dict[str, str]]
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

    @property
    def last_window_end(self) -> str:
        """The end of the window judged last but one: what the last one leads to may have been on its way when topics were read."""
        return time_text(sorted(self.judged_ms)[-2:][0])

    def lateness_s(self, since_ms: int, grace_ms: int) -> list[float]:
        """Of each window that ended since then, how long after its end and the grace it was judged, in seconds."""
        return [(at_ms - end_ms - grace_ms) / 1000 for end_ms, at_ms in self.judged_ms.items() if end_ms >= since_ms]


def gather(service: Service, partitions: int, kept: Kept | None = None) -> Evidence:
    """Read everything, what was kept of deleted heads included; records that were lost unread are no telemetry."""
    topics, kept = service.topics, kept or Kept()
    telemetry = {
        p: kept.keep(TopicPartition(topics.telemetry, p), records)
        for p, records in read(service, topics.telemetry, range(partitions)).items()
    }
    found = {name: kept.keep(TopicPartition(name, 0), read(service, name, [0])[0]) for name in _results(topics)}
    windows = [(each.offset, record_of(each.key, each.value, each.headers)) for each in found[topics.windows]]
    losses = [mark for _, each in windows if (mark := loss_mark_of(each)) is not None]
    seen = {p: [each for each in records if not _is_lost(p, each.offset, losses)] for p, records in telemetry.items()}
    marks = _blocks(windows)
    return Evidence(
        telemetry={p: [(each.offset, each.value) for each in records] for p, records in seen.items()},
        arrivals_ms={p: [each.timestamp for each in records] for p, records in seen.items()},
        lost=sum(map(len, telemetry.values())) - sum(map(len, seen.values())),
        losses=losses,
        windows=windows,
        incomplete=_incomplete(found[topics.anomalies]),
        dead={_place(each.key): each.value for each in found[topics.dead_letters]},
        blocks=_largest(marks),
        marks=marks,
        decisions={
            d.id: d for each in found[topics.decisions] if each.value for d in [msgspec.json.decode(each.value, type=Decision)]
        },
        receipts={r.decision_id: r for each in found[topics.receipts] for r in [msgspec.json.decode(each.value, type=Receipt)]},
        ledger=[decode_record(each.value) for each in found[topics.ledger]],
        quotas=[decode_quota(each.value) for each in found[topics.quotas] if each.value],
        judged_ms=_judged(found[topics.anomalies]),
        raw={name: [each.value for each in records if each.value] for name, records in found.items()},
    )


def _results(topics: Topics) -> Sequence[str]:
    judged = (topics.windows, topics.anomalies, topics.incidents, topics.decisions)
    return (*judged, topics.dead_letters, topics.receipts, topics.ledger, topics.quotas, topics.audit)


def _is_lost(partition: int, offset: int, losses: Sequence[LossMark]) -> bool:
    return any(each.partition == partition and each.first <= offset <= each.last for each in losses)


def _incomplete(records: Sequence[Any]) -> dict[str, dict[str, str]]:
    raw = [content for each in records for name, content in each.headers or () if name == JUDGEMENT]
    judged = [msgspec.json.decode(each, type=Judgement) for each in raw]
    return {each.window_end: each.blind for each in judged if each.blind}


def keys_of(service: Service, partition: TopicPartition) -> list[bytes]:
    """The keys of all records of one partition."""
    return [each.key for each in read(service, partition.topic, [partition.partition])[partition.partition]]


def _judged(records: Sequence[Any]) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in records:
        if each.key.startswith(WINDOW):
            found.setdefault(parse_time(each.key.removeprefix(WINDOW).decode()), each.timestamp)
    return found


def _place(key: bytes) -> tuple[int, int]:
    _, partition, offset = key.decode().rsplit("/", 2)
    return int(partition), int(offset)


def _blocks(windows: Sequence[tuple[int, Record]]) -> list[Sealed]:
    assembly = Assembly()
    return [arrived.sealed for offset, each in windows if (arrived := assembly.add(offset, each)) is not None]


def _largest(blocks: Sequence[Sealed]) -> dict[tuple[int, int | None], Sealed]:
    largest: dict[tuple[int, int | None], Sealed] = {}
    for each in blocks:
        place = (each.marker.partition, each.marker.chunk)
        if place not in largest or each.marker.upto > largest[place].marker.upto:
            largest[place] = each
    return largest
