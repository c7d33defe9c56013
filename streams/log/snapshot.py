"""State of a stage -> chunks and a manifest in a compacted topic, and back: without its manifest a snapshot does not exist.

A state is cut into sections, a section into chunks, and a chunk is named by its content, so that what has not changed since the
last snapshot is not written again. Every owner writes under a name of its own: one that has lost its partition without knowing
cannot take a chunk away from the one that has it now.
"""

import asyncio
import hashlib
import logging
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from streams.log.append import Appender, Record
from streams.log.kafka import Kafka, TopicPartition
from streams.log.state import pack, unpack
from streams.log.topics import PART_BYTES, STATE_PARTITIONS
from streams.unchanging import Unchanging

log = logging.getLogger("tidegate.snapshot")

FORMAT = 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot is made of.

    Attributes:
        position: the next offset of the source after what the state has seen.
        sections: for each, its path in the state and the names of its chunks, in order.
        digest: sha256 over the names of all chunks.
    """

    format: int
    owner: str
    position: int
    sections: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    digest: str

    @property
    def chunks(self) -> set[str]:
        """Names of all chunks."""
        return {name for _, names in self.sections for name in names}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state, and the offset at which its source goes on."""

    position: int
    state: dict[str, Any]


@dataclass(slots=True)
class _Found:
    """What the topic holds under one key."""

    manifests: dict[bytes, Manifest] = field(default_factory=dict)
    chunks: dict[bytes, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of a state: its path there, the names of its chunks in order, and what is in those that have to be written."""

    path: tuple[str, ...]
    value: Any
    names: tuple[str, ...]
    chunks: Mapping[str, bytes]


class Slot:
    """Where one owner keeps the snapshots of one key; opened by `Snapshots.open`."""

    def __init__(self, key: str, appender: Appender, topic: str, leftover: Iterable[bytes] = ()) -> None:
        self.key = key
        self.position: int | None = None
        self._owner = uuid.uuid4().hex[:12]
        self._appender = appender
        self._topic = topic
        self._written: set[str] = set()
        self._lasting: dict[tuple[str, ...], _Section] = {}
        self._leftover = set(leftover)

    async def save(self, position: int, state: Mapping[str, Any]) -> int:
        """Write a snapshot; when it returns, it exists. Tells how many bytes were new.

        `state` is packed off the loop and must not change meanwhile.

        Raises:
            BrokerError: when the broker refuses it for good.
        """
        sections = await asyncio.to_thread(_sections, state, self._lasting)
        manifest = _manifest(self._owner, position, sections)
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
    """The snapshots of a worker, in the topic `tidegate.state`."""

    def __init__(self, kafka: Kafka, appender: Appender, topic: str) -> None:
        self._kafka = kafka
        self._appender = appender
        self._topic = topic

    async def open(self, key: str) -> tuple[Slot, Snapshot | None]:
        """The newest whole snapshot of a key, and the place where its next one goes.

        Raises:
            BrokerError: when the topic cannot be read.
        """
        found = await self._read(key)
        leftover = {*found.manifests, *found.chunks}
        slot = Slot(key, self._appender, self._topic, leftover)
        for manifest in sorted(found.manifests.values(), key=lambda each: -each.position):
            state = await asyncio.to_thread(_state_of, manifest, key, found.chunks)
            if state is not None:
                slot.position = manifest.position
                return slot, Snapshot(manifest.position, state)
            log.warning("a snapshot of %s at %d is not whole and is passed over", key, manifest.position)
        return slot, None

    async def log_start(self, topic: str) -> int:
        """The first offset that the one partition of a topic still has.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        tp = TopicPartition(topic, 0)
        async with self._kafka.reading([tp]) as consumer:
            return int((await consumer.beginning_offsets([tp]))[tp])

    async def _read(self, key: str) -> _Found:
        """All that the topic holds under a key: the last value of each record's key, unless a tombstone took it away."""
        found, prefix = _Found(), f"{key}/".encode()
        tp = TopicPartition(self._topic, partition_of(key))
        async with self._kafka.reading([tp]) as consumer:
            async for record in self._kafka.to_the_end(consumer, [tp]):
                if record.key is not None and record.key.startswith(prefix):
                    _keep(found, record.key, record.value)
        return found


def _keep(found: _Found, key: bytes, value: bytes | None) -> None:
    if value is None:
        found.manifests.pop(key, None)
        found.chunks.pop(key, None)
    elif key.endswith(b"/manifest"):
        manifest = msgspec.json.decode(value, type=Manifest)
        if manifest.format == FORMAT:
            found.manifests[key] = manifest
    else:
        found.chunks[key] = value


def partition_of(key: str) -> int:
    """The partition of the state topic that holds a key; fixed, so that one partition has to be read to restore it."""
    return zlib.crc32(key.encode()) % STATE_PARTITIONS


def _sections(state: Mapping[str, Any], lasting: Mapping[tuple[str, ...], _Section]) -> list[_Section]:
    """The state in sections of named chunks. A dict with text keys below the top is a section a key.

    Sections of `lasting` whose values are still there have their names already and are not packed again.
    """
    sections = []
    for path, value in _paths(state):
        known = lasting.get(path)
        if known is not None and known.value is value:
            sections.append(known)
        else:
            sections.append(_section(path, value))
    return sections


def _section(path: tuple[str, ...], value: Any) -> _Section:
    packed = pack(value)
    chunks = [packed[at : at + PART_BYTES] for at in range(0, len(packed), PART_BYTES)]
    names = [hashlib.sha256(chunk).hexdigest() for chunk in chunks]
    return _Section(path, value if isinstance(value, Unchanging) else None, tuple(names), dict(zip(names, chunks, strict=True)))


def _paths(state: Mapping[str, Any]) -> Iterable[tuple[tuple[str, ...], Any]]:
    for name, value in state.items():
        if isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
            yield from (((name, key), inner) for key, inner in value.items())
        else:
            yield (name,), value


def _manifest(owner: str, position: int, sections: Iterable[_Section]) -> Manifest:
    named = tuple((each.path, each.names) for each in sections)
    return Manifest(format=FORMAT, owner=owner, position=position, sections=named, digest=_digest(named))


def _digest(sections: Iterable[tuple[tuple[str, ...], tuple[str, ...]]]) -> str:
    return hashlib.sha256("".join(name for _, names in sections for name in names).encode()).hexdigest()


def _state_of(manifest: Manifest, key: str, chunks: Mapping[bytes, bytes]) -> dict[str, Any] | None:
    """The state that a manifest names, or None when a chunk is missing or is not what its name says."""
    if manifest.digest != _digest(manifest.sections):
        return None
    state: dict[str, Any] = {}
    for path, names in manifest.sections:
        parts = [chunks.get(f"{key}/{manifest.owner}/{name}".encode(), b"") for name in names]
        if any(hashlib.sha256(part).hexdigest() != name for part, name in zip(parts, names, strict=True)):
            return None
        value = unpack(b"".join(parts))
        if len(path) == 1:
            state[path[0]] = value
        else:
            state.setdefault(path[0], {})[path[1]] = value
    return state
