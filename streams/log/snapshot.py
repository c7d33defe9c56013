"""State of a stage -> chunks and a manifest in a compacted topic, and back: without its manifest a snapshot does not exist.

A state is cut into sections, a section into chunks, and a chunk is named by its content, so that what has not changed since the
last snapshot is not written again. Every owner writes under a name of its own: one that has lost its partition without knowing
cannot take a chunk away from the one that has it now.
"""

import asyncio
import logging
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from streams.log.append import Appender, Record
from streams.log.formats import Flaw, UnusableError
from streams.log.kafka import Kafka, TopicPartition
from streams.log.manifest import Manifest, Section, decode_manifest, manifest_of, sections_of, state_of
from streams.log.topics import STATE_PARTITIONS
from streams.log.wire import record_of
from streams.unchanging import Unchanging

log = logging.getLogger("tidegate.snapshot")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state, and the offset at which its source goes on."""

    position: int
    state: dict[str, Any]


@dataclass(slots=True)
class Found:
    """What the topic holds under one key."""

    manifests: dict[bytes, bytes] = field(default_factory=dict)
    chunks: dict[bytes, bytes] = field(default_factory=dict)

    def keep(self, key: bytes, value: bytes | None) -> None:
        """Take the next record of the topic: the last value of a key counts, a tombstone takes it away."""
        kept = self.manifests if key.endswith(b"/manifest") else self.chunks
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = value


class Slot:
    """Where one owner keeps the snapshots of one key; opened by `Snapshots.open`.

    Args:
        turn: held while a state is packed, which takes several times its memory.
    """

    def __init__(
        self, key: str, appender: Appender, topic: str, leftover: Iterable[bytes] = (), turn: asyncio.Lock | None = None
    ) -> None:
        self.key = key
        self.position: int | None = None
        self._owner = uuid.uuid4().hex[:12]
        self._appender = appender
        self._topic = topic
        self._written: set[str] = set()
        self._lasting: dict[tuple[str, ...], Section] = {}
        self._leftover = set(leftover)
        self._turn = turn or asyncio.Lock()

    async def save(self, position: int, state: Mapping[str, Any]) -> int:
        """Write a snapshot; when it returns, it exists. Tells how many bytes were new.

        `state` is packed off the loop and must not change meanwhile.

        Raises:
            BrokerError: when the broker refuses it for good.
        """
        async with self._turn:
            sections = await asyncio.to_thread(sections_of, state, self._lasting)
        manifest = manifest_of(self._owner, position, sections)
        fresh = {name: chunk for each in sections for name, chunk in each.chunks.items() if name not in self._written}
        stale = [self._chunk_key(name) for name in self._written - manifest.chunks] + sorted(self._leftover)
        records = [Record(self._chunk_key(name), chunk) for name, chunk in fresh.items()]
        records.append(Record(self._manifest_key, msgspec.json.encode(manifest)))
        records += [Record(key, None) for key in stale]
        await self._appender.append(self._topic, records, partition=partition_of(self.key))
        self._written, self._leftover, self.position = manifest.chunks, set(), position
        self._lasting = {each.path: replace(each, chunks={}) for each in sections if isinstance(each.value, Unchanging)}
        return sum(map(len, fresh.values()))

    @property
    def _manifest_key(self) -> bytes:
        return f"{self.key}/{self._owner}/manifest".encode()

    def _chunk_key(self, name: str) -> bytes:
        return f"{self.key}/{self._owner}/{name}".encode()


class Snapshots:
    """The snapshots of a worker, in the topic `tidegate.state`.

    Args:
        on_unusable: Told of every snapshot that cannot be used; it is logged in any case.
    """

    def __init__(self, kafka: Kafka, appender: Appender, topic: str, *, on_unusable: Callable[[Flaw], None] | None = None) -> None:
        self._kafka = kafka
        self._appender = appender
        self._topic = topic
        self._on_unusable = on_unusable
        self._turn = asyncio.Lock()

    async def open(self, key: str) -> tuple[Slot, Snapshot | None]:
        """The newest snapshot of a key that can be used, and the place where its next one goes.

        Raises:
            BrokerError: when the topic cannot be read.
        """
        found = await self._read(key)
        slot = Slot(key, self._appender, self._topic, {*found.manifests, *found.chunks}, self._turn)
        snapshot = await self.newest(key, found)
        if snapshot is not None:
            slot.position = snapshot.position
        elif found.manifests or found.chunks:
            if not found.manifests:
                self.unusable(key, None, UnusableError(Flaw.NO_MANIFEST, "it has chunks and no manifest"))
            log.warning("%s has no snapshot that can be used, and is rebuilt from the log", key)
        return slot, snapshot

    async def newest(self, key: str, found: Found) -> Snapshot | None:
        """The newest of what was found that can be used; what is passed over is told."""
        for manifest in self._newest_first(key, found.manifests):
            try:
                return Snapshot(manifest.position, await asyncio.to_thread(state_of, manifest, key, found.chunks))
            except UnusableError as error:
                self.unusable(key, manifest.position, error)
        return None

    def _newest_first(self, key: str, manifests: Mapping[bytes, bytes]) -> list[Manifest]:
        """Those that can be read."""
        readable = []
        for raw in manifests.values():
            try:
                readable.append(decode_manifest(raw))
            except UnusableError as error:
                self.unusable(key, None, error)
        return sorted(readable, key=lambda each: -each.position)

    def unusable(self, key: str, position: int | None, error: UnusableError) -> None:
        """Say that a snapshot cannot be used."""
        where = "" if position is None else f" at {position}"
        log.warning("a snapshot of %s%s is passed over: %s", key, where, error)
        if self._on_unusable is not None:
            self._on_unusable(error.flaw)

    async def between(self, topic: str, start: int, end: int) -> AsyncIterator[tuple[int, Record]]:
        """Offset and record of what the one partition of a topic still has of [start, end).

        Raises:
            BrokerError: when Kafka does not answer.
        """
        tp = TopicPartition(topic, 0)
        async with self._kafka.reading([tp]) as consumer:
            consumer.seek(tp, max(start, (await consumer.beginning_offsets([tp]))[tp]))
            async for each in self._kafka.to_the_end(consumer, [tp]):
                if each.offset >= end:
                    return
                yield each.offset, record_of(each.key, each.value, each.headers)

    async def log_start(self, topic: str) -> int:
        """The first offset that the one partition of a topic still has.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        tp = TopicPartition(topic, 0)
        async with self._kafka.reading([tp]) as consumer:
            return int((await consumer.beginning_offsets([tp]))[tp])

    async def _read(self, key: str) -> Found:
        """All that the topic holds under a key: the last value of each record's key, unless a tombstone took it away."""
        found, prefix = Found(), f"{key}/".encode()
        tp = TopicPartition(self._topic, partition_of(key))
        async with self._kafka.reading([tp]) as consumer:
            async for record in self._kafka.to_the_end(consumer, [tp]):
                if record.key is not None and record.key.startswith(prefix):
                    found.keep(record.key, record.value)
        return found


def partition_of(key: str) -> int:
    """The partition of the state topic that holds a key; fixed, so that one partition has to be read to restore it."""
    return zlib.crc32(key.encode()) % STATE_PARTITIONS
