"""What was decided and done, one entry after another -> a hash chain, and what is wrong with one. Pure.

The hash of an entry is sha256 over its canonical JSON without the hash itself, and `prev` is the hash of the entry before it. A
line has exactly one right form, so that a single changed byte anywhere shows. What a chain cannot show by itself is that its end
was cut off: keep the last (seq, hash) somewhere else and give it to `verify`.
"""

import enum
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec

GENESIS = "0" * 64
"""`prev` of the first entry."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit.

    Attributes:
        seq: 0, 1, 2, ... without gaps.
        prev: hash of the entry before, GENESIS for the first.
        writer: worker id; two writers at once show as a fork.
        at: RFC 3339 UTC, wall clock of the writer.
        kind: `policy override control decision receipt incident ...`.
        body: the thing itself, as JSON.
        hash: 64 hex.
    """

    seq: int
    prev: str
    writer: str
    at: str
    kind: str
    body: Any
    hash: str


class Fault(enum.StrEnum):
    """What can be wrong with a chain."""

    UNREADABLE = "unreadable"  # a line is no entry
    EDITED = "edited"  # an entry is not what was written
    GAP = "gap"  # entries are missing, or in another order
    FORK = "fork"  # two entries follow the same one
    CUT = "cut"  # the end that is known is not there


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that is wrong: at which entry, and on which line (from 1) of what was read."""

    fault: Fault
    seq: int
    line: int
    detail: str


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _hashed(fields: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical({key: value for key, value in fields.items() if key != "hash"})).hexdigest()


def encode_entry(entry: Entry) -> bytes:
    """The one right line of an entry, without its line feed."""
    return _canonical(msgspec.to_builtins(entry))


class Chain:
    """The end of a chain, to which entries are added."""

    def __init__(self, writer: str, *, last: Entry | None = None) -> None:
        self._writer = writer
        self._next = 0 if last is None else last.seq + 1
        self._prev = GENESIS if last is None else last.hash

    @property
    def head(self) -> tuple[int, str]:
        """(seq, hash) of the last entry; (-1, GENESIS) of an empty chain."""
        return self._next - 1, self._prev

    def append(self, *, at: str, kind: str, body: Any) -> Entry:
        """The next entry.

        Raises:
            ValueError: when the body has no JSON form (NaN, infinities).
            TypeError: when it is of a type without one.
        """
        plain = msgspec.to_builtins(body, str_keys=True)
        fields = {"seq": self._next, "prev": self._prev, "writer": self._writer, "at": at, "kind": kind, "body": plain}
        entry = Entry(**fields, hash=_hashed(fields))
        self.follow(entry)
        return entry

    def follow(self, entry: Entry) -> None:
        """Go on after an entry that somebody else wrote."""
        self._next, self._prev = entry.seq + 1, entry.hash


def read_entries(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a JSONL file, without their line feeds; nothing else separates them."""
    for line in file:
        yield line[:-1] if line.endswith(b"\n") else line


def verify(lines: Iterable[bytes], *, head: tuple[int, str] | None = None) -> list[Flaw]:
    """All that is wrong with a chain, in the order of its lines; nothing is wrong when it is empty.

    Args:
        lines: what `encode_entry` wrote, in order.
        head: (seq, hash) of an entry that must be there.
    """
    flaws: list[Flaw] = []
    walk = _Walk()
    for number, line in enumerate(lines, 1):
        flaws += walk.step(number, line)
    if head is not None and head[1] != GENESIS and walk.hashes.get(head[0]) != head[1]:
        detail = f"entry {head[0]} with hash {head[1][:12]} is missing"
        flaws.append(Flaw(fault=Fault.CUT, seq=head[0], line=walk.lines, detail=detail))
    return flaws


class _Walk:
    """Where a walk along the chain has come to."""

    def __init__(self) -> None:
        self.lines = 0
        self.hashes: dict[int, str] = {}
        self._next = 0
        self._prev = GENESIS

    def step(self, number: int, line: bytes) -> list[Flaw]:
        self.lines = number
        expected = self._next
        entry = _decoded(line)
        if entry is None:
            self._next, self._prev = expected + 1, ""
            return [Flaw(fault=Fault.UNREADABLE, seq=expected, line=number, detail="the line is no entry")]
        found = [Flaw(fault=fault, seq=entry.seq, line=number, detail=detail) for fault, detail in self._faults(entry, line)]
        self.hashes.setdefault(entry.seq, entry.hash)
        if entry.seq >= expected:
            self._next, self._prev = entry.seq + 1, entry.hash
        return found

    def _faults(self, entry: Entry, line: bytes) -> Iterator[tuple[Fault, str]]:
        if not _as_written(entry, line):
            yield Fault.EDITED, "it is not what was written"
        if entry.seq in self.hashes:
            yield Fault.FORK, f"entry {entry.seq} by {entry.writer} is there already"
        elif entry.seq != self._next:
            yield Fault.GAP, f"entry {self._next} should stand here"
        elif self._prev and entry.prev != self._prev:
            yield Fault.FORK if entry.prev in self.hashes.values() else Fault.EDITED, "it does not follow the entry before it"


def _decoded(line: bytes) -> Entry | None:
    try:
        fields = json.loads(line, parse_constant=_refuse)
        return msgspec.convert(fields, Entry)
    except (ValueError, RecursionError, msgspec.ValidationError):
        return None


def _as_written(entry: Entry, line: bytes) -> bool:
    try:
        return encode_entry(entry) == line and _hashed(msgspec.to_builtins(entry)) == entry.hash
    except ValueError:  # what JSON can write and we never do: 1e999, half a surrogate pair
        return False


def _refuse(name: str) -> None:
    raise ValueError(name)
