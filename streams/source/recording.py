"""What `tidegate record` keeps of a topic: topic, partition, offset, timestamp, key and value of every record, byte for byte.

A recording (`.tgr`) is the eight bytes of MAGIC and blocks. A block is a head of four little-endian 32-bit numbers (what it holds,
records, bytes, CRC-32 of those bytes) and zstd-compressed msgpack. The first block holds the Header, the last one the number
of records; a file without it is cut short. Every block between them is a Run of one partition, whose number is in its head: a
reader that wants one partition skips the others' blocks.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import msgspec
import zstandard

from streams.batch import Batch, Numbers
from streams.errors import InputError
from streams.source.decompress import open_input

SUFFIX = ".tgr"
MAGIC = b"TGREC\x00\x01\n"
RUN_RECORDS = 1_000
_HEAD = struct.Struct("<IIII")
_HEADER, _END = 0xFFFFFFFF, 0xFFFFFFFE
_MOST_BYTES = 1 << 30
_Content = TypeVar("_Content")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded: the name of the topic and how many partitions it had."""

    topic: str
    partitions: int


class Run(msgspec.Struct, array_like=True):
    """Records of one partition in offset order; four lists of one length. A key or value may be None."""

    offsets: list[int] = msgspec.field(default_factory=list)
    timestamps_ms: list[int] = msgspec.field(default_factory=list)
    keys: list[bytes | None] = msgspec.field(default_factory=list)
    values: list[bytes | None] = msgspec.field(default_factory=list)


class RecordingWriter:
    """Writes a recording. Used as a context: when the block is left by an exception the recording is cut short, and known to be."""

    def __init__(self, path: Path, *, topic: str, partitions: int) -> None:
        self.records = 0
        self._file = path.open("wb")
        self._pack = zstandard.ZstdCompressor(level=3)
        self._runs = [Run() for _ in range(partitions)]
        self._file.write(MAGIC)
        self._block(_HEADER, 0, Header(topic=topic, partitions=partitions))

    def write(
        self,
        partition: int,
        *,
        offsets: Numbers,
        timestamps_ms: Numbers,
        keys: Sequence[bytes | None],
        values: Sequence[bytes | None],
    ) -> None:
        """Keep records of one partition, in offset order."""
        run = self._runs[partition]
        run.offsets.extend(offsets)
        run.timestamps_ms.extend(timestamps_ms)
        run.keys.extend(keys)
        run.values.extend(values)
        self.records += len(values)
        if len(run.values) >= RUN_RECORDS:
            self._flush(partition)

    def close(self) -> None:
        """Write what is left, and the end."""
        for partition in range(len(self._runs)):
            self._flush(partition)
        self._block(_END, 0, self.records)
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()

    def _flush(self, partition: int) -> None:
        run = self._runs[partition]
        if run.values:
            self._runs[partition] = Run()
            self._block(partition, len(run.values), run)

    def _block(self, what: int, records: int, content: object) -> None:
        packed = self._pack.compress(msgspec.msgpack.encode(content))
        self._file.write(_HEAD.pack(what, records, len(packed), zlib.crc32(packed)) + packed)


@dataclass(frozen=True, slots=True)
class _Block:
    position: int
    what: int
    records: int
    length: int
    checksum: int


class RecordingReader:
    """Reads a recording: its header, and each partition as a source of its own.

    Raises:
        InputError: when the file is no recording, or cut short.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with open_input(path) as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise InputError(f"{path}: is no recording of `tidegate record`")
            self._blocks = list(_scan(file, path))
            self.header = _content(file, path, self._blocks[0], Header)
            self.records = _content(file, path, self._blocks[-1], int)

    def partitions(self) -> list["PartitionSource"]:
        """One source for each partition of the topic, also for those without records."""
        return [
            PartitionSource(self.path, number, [block for block in self._blocks if block.what == number])
            for number in range(self.header.partitions)
        ]


class PartitionSource:
    """One partition of a recording.

    Attributes:
        name: file and partition, for messages.
        partition: its number in the topic.
        size_bytes, position_bytes: of its blocks, and how much of them was read so far, for progress.
    """

    def __init__(self, path: Path, partition: int, blocks: Sequence[_Block]) -> None:
        self.name = f"{path}[{partition}]"
        self.partition = partition
        self.size_bytes = sum(block.length for block in blocks)
        self.position_bytes = 0
        self._path = path
        self._blocks = blocks

    @property
    def has_arrival(self) -> bool:
        """Always: the timestamps are when records reached the log."""
        return True

    def runs(self) -> Iterator[Run]:
        """Its records in order, with their keys.

        Raises:
            InputError: when a block is damaged.
        """
        self.position_bytes = 0
        with open_input(self._path) as file:
            for block in self._blocks:
                yield _content(file, self._path, block, Run)
                self.position_bytes += block.length

    def batches(self) -> Iterator[Batch]:
        """Its records in order, as they were on the topic.

        Raises:
            InputError: when a block is damaged.
        """
        for run in self.runs():
            yield Batch(run.values, run.offsets, run.timestamps_ms)


def _scan(file: BinaryIO, path: Path) -> Iterator[_Block]:
    """The heads of all blocks; the contents are skipped."""
    records, what = 0, _HEADER
    size = path.stat().st_size
    while what != _END:
        head = file.read(_HEAD.size)
        position = file.tell()
        if len(head) < _HEAD.size or position + _HEAD.unpack(head)[2] > size:
            raise InputError(f"{path}: is cut short after {records} whole records: the recorder did not end it")
        what, count, length, checksum = _HEAD.unpack(head)
        yield _Block(position, what, count, length, checksum)
        records += count
        file.seek(length, 1)


def _content(file: BinaryIO, path: Path, block: _Block, of: type[_Content]) -> _Content:
    file.seek(block.position)
    packed = file.read(block.length)
    try:
        if zlib.crc32(packed) != block.checksum:
            raise InputError(f"{path}: is damaged at byte {block.position}: its checksum is wrong")
        plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MOST_BYTES)
        return msgspec.msgpack.decode(plain, type=of)
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise InputError(f"{path}: is damaged at byte {block.position}: {error}") from None
