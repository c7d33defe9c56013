"""Bytes that a broker answered a fetch with -> its record batches, whose records come as columns."""

import struct
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import google_crc32c
import numpy as np
from aiokafka import codec
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c

from streams.log.fetched import Fetched

if TYPE_CHECKING:
    from streams.log.unpack import Stored
try:
    from streams.log import unpack
except ImportError:  # no compiler where it was installed
    unpack = None  # type: ignore[assignment]

_LENGTH = struct.Struct(">i")
_AT_LENGTH = 8
_AROUND_LENGTH = 12
_AT_FORMAT = 16
_FORMAT = 2
_LEAST_LENGTH = 14
"""Bytes of the shortest batch of any format, behind its length."""
_PIECE = 500
"""Records unpacked at once. Where batches hold few, some are taken together: each by itself would take longer than its records."""
_PIECE_BYTES = 1 << 16
_CODEC, _TRANSACTIONAL, _CONTROL = 0x07, 0x10, 0x20
_CODECS: dict[int, Callable[[bytes], bytes]] = {
    1: codec.gzip_decode,
    2: codec.snappy_decode,
    3: codec.lz4_decode,
    4: codec.zstd_decode,
}


def checksum(raw: bytes, begin: int, end: int) -> int:
    """CRC-32C, by the processor's own instruction where there is a build of it: aiokafka's takes fifteen times as long."""
    if google_crc32c.implementation != "c":
        return int(calc_crc32c(memoryview(raw)[begin:end]))
    crc = 0
    for at in range(begin, end, _PIECE_BYTES):
        crc = google_crc32c.extend(crc, raw[at : min(at + _PIECE_BYTES, end)])
    return crc


class RecordBatches:
    """The batches of one fetched partition. What is no plain batch of records is read by aiokafka."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = self._end = 0
        self._pass()

    def _pass(self) -> None:
        """Go on to the next batch; its end is beyond everything where a broker cut it off, since its answer was full."""
        self._at = self._end
        self._end = sys.maxsize
        if len(self._raw) - self._at >= _AROUND_LENGTH:
            self._end = self._at + _AROUND_LENGTH + max(_LENGTH.unpack_from(self._raw, self._at + _AT_LENGTH)[0], 0)

    def has_next(self) -> bool:
        """Whether there is another whole batch."""
        return self._end <= len(self._raw)

    def next_batch(self) -> "_Run | _Other":
        """The next batch, or some small ones that follow each other.

        Raises:
            CorruptRecordException: where it is none.
        """
        stored = self._plain()
        if stored is None:
            return self._other()
        run, count = [stored], stored.count
        self._pass()
        while count < _PIECE and not run[0].attributes & _TRANSACTIONAL and self.has_next():
            stored = self._plain()
            if stored is None or stored.attributes & _TRANSACTIONAL or stored.base_offset < run[-1].next_offset:
                break
            self._pass()
            run.append(stored)
            count += stored.count
        return _Run(self._raw, run)

    def _plain(self) -> "Stored | None":
        """The batch at hand, where it holds plain records."""
        if unpack is None or self._end - self._at < unpack.RECORDS_FROM or self._raw[self._at + _AT_FORMAT] != _FORMAT:
            return None
        stored = unpack.Stored(self._raw, self._at, self._end)
        if stored.attributes & _CONTROL or (stored.attributes & _CODEC and stored.attributes & _CODEC not in _CODECS):
            return None
        return stored

    def _other(self) -> "_Other":
        raw = self._raw[self._at : self._end]
        if len(raw) < _AROUND_LENGTH + _LEAST_LENGTH:
            raise CorruptRecordException(f"a batch of {len(raw)} bytes")
        self._pass()
        return _Other(raw)


class _Run:
    """Batches that follow each other: a transactional one alone, or others. What aiokafka's loop asks of one is called as there."""

    is_control_batch = False

    def __init__(self, raw: bytes, batches: "list[Stored]") -> None:
        self._raw = raw
        self._batches = batches
        self.is_transactional = bool(batches[0].attributes & _TRANSACTIONAL)
        self.producer_id = batches[0].producer_id
        self.base_offset = batches[0].base_offset
        self.next_offset = batches[-1].next_offset

    def validate_crc(self) -> bool:
        return all(checksum(self._raw, each.begin + unpack.CHECKED_FROM, each.end) == each.crc for each in self._batches)

    def __iter__(self) -> Iterator[Fetched]:
        for each in self._batches:
            self._open(each)
        left = sum([each.count for each in self._batches])
        stored = self._batches[::-1]
        while stored:
            numbers = np.empty((3, min(left, _PIECE)), np.int64)
            unpacked = unpack.Unpacked(numbers)
            left -= numbers.shape[1]
            try:
                while stored and (unpacked.room or not stored[-1].count):
                    unpacked.take(stored[-1])
                    if not stored[-1].count:
                        stored.pop()
            except ValueError as error:
                raise CorruptRecordException(str(error)) from None
            if unpacked.values:
                yield Fetched(unpacked.values, numbers)

    def _open(self, stored: "Stored") -> None:
        """Decompress the records, and see that there may be so many."""
        if stored.attributes & _CODEC:
            compressed = self._raw[stored.begin + unpack.RECORDS_FROM : stored.end]
            stored.decompressed(_CODECS[stored.attributes & _CODEC](compressed))
        if not stored.plausible:
            raise CorruptRecordException(f"no room for {stored.count} records")


class _Other:
    """A batch as aiokafka reads it: of an older format, with marks of transactions, or of a codec that we do not know."""

    def __init__(self, raw: bytes) -> None:
        self._batch: Any = MemoryRecords(raw).next_batch()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Fetched]:
        if records := list(self._batch):
            yield Fetched.of(records)
