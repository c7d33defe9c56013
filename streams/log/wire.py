"""A block -> records of `tidegate.windows`, and such records -> blocks again. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from streams.blind import BlindMark
from streams.block import Marker, Sealed, decode_parts, encode_parts
from streams.log.append import Headers, Record
from streams.log.topics import PART_BYTES
from streams.loss import LossMark

PART = "tidegate-part"
"""Header: `i/n`, part i of n, from 0."""
END = "tidegate-end"
"""Header of the last part: the partition was read to the end of a run; its value is the mark of the run, as JSON."""

BLIND = "tidegate-blind"
"""Header of a record that says that a source partition is blind; its value is the mark, as JSON."""


LOST = "tidegate-lost"
"""Header of a record that says that a source partition has lost records unread; its value is the mark, as JSON."""


def record_of_blind(mark: BlindMark) -> Record:
    """What tells stage 2 to wait no longer for a partition."""
    return Record(f"blind/{mark.partition}".encode(), None, ((BLIND, msgspec.json.encode(mark)),))


def blind_mark_of(record: Record) -> BlindMark | None:
    """The mark of a record; None for a part of a block."""
    raw = dict(record.headers).get(BLIND)
    return None if raw is None else msgspec.json.decode(raw, type=BlindMark)


def record_of_loss(mark: LossMark) -> Record:
    """What tells stage 2 that windows miss something."""
    return Record(f"lost/{mark.partition}/{mark.first}".encode(), None, ((LOST, msgspec.json.encode(mark)),))


def loss_mark_of(record: Record) -> LossMark | None:
    """The mark of a record; None for a part of a block."""
    raw = dict(record.headers).get(LOST)
    return None if raw is None else msgspec.json.decode(raw, type=LossMark)


def records_of(sealed: Sealed, *, end: bytes | None = None) -> list[Record]:
    """The records of a block in the order in which they are written; the last one completes it."""
    marker = sealed.marker
    key = f"{marker.partition}/{marker.chunk}/{marker.upto}/{marker.idle_at_ms}".encode()
    parts = encode_parts(sealed, PART_BYTES)
    records = [Record(key, part, ((PART, f"{i}/{len(parts)}".encode()),)) for i, part in enumerate(parts)]
    if end is not None:
        last = records[-1]
        records[-1] = Record(last.key, last.value, (*last.headers, (END, end)))
    return records


@dataclass(frozen=True, slots=True)
class Arrived:
    """A block that is whole again, and the mark of the run whose end it says, if any."""

    sealed: Sealed
    end: bytes | None


@dataclass(slots=True)
class _Gathered:
    """Parts of one block."""

    first_offset: int
    parts: dict[int, bytes] = field(default_factory=dict)


class Assembly:
    """Puts blocks together. Two writers of one block write equal parts, so it does not matter whose parts they are.

    Writers of two versions may cut a block differently, and one of them may have been killed in the middle: a part that is not
    what stands in its place begins the rest anew. What a killed writer left, and nobody went on with, is dropped once a block
    comes that was read as far.
    """

    def __init__(self) -> None:
        self._gathered: dict[bytes, _Gathered] = {}

    def add(self, offset: int, record: Record) -> Arrived | None:
        """Take a record; the block that it completes, else None. A record that is no part is passed over."""
        headers = dict(record.headers)
        if PART not in headers or record.value is None:
            return None
        number, count = map(int, headers[PART].split(b"/"))
        gathered = self._gathered.setdefault(record.key, _Gathered(offset))
        if gathered.parts.get(number, record.value) != record.value:
            gathered.parts = {i: part for i, part in gathered.parts.items() if i < number}
        gathered.parts[number] = record.value
        if not all(i in gathered.parts for i in range(count)):
            return None
        sealed = decode_parts([gathered.parts[i] for i in range(count)])
        self._drop(sealed.marker)
        return Arrived(sealed, headers.get(END))

    def _drop(self, whole: Marker) -> None:
        """Forget the parts of a block that is whole, and those that say nothing that is not in it or before it."""
        for key in list(self._gathered):
            partition, _, upto, _ = key.split(b"/")
            if int(partition) == whole.partition and int(upto) <= whole.upto:
                del self._gathered[key]

    def needed_from(self, next_offset: int) -> int:
        """The offset from which the log has to be read again by somebody who knows only the blocks that are whole."""
        return min((each.first_offset for each in self._gathered.values()), default=next_offset)


def record_of(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]] | None) -> Record:
    """A record as a client hands it over, with what is absent made empty."""
    kept: Headers = tuple((name, bytes(content)) for name, content in headers or ())
    return Record(key or b"", value, kept)
