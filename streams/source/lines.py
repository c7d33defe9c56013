"""A file of JSON lines, plain, gzip or zstd -> batches; a line is an offset, an empty line is no record."""

from collections.abc import Iterator
from itertools import compress
from pathlib import Path

from streams.batch import Batch
from streams.errors import InputError
from streams.source.decompress import blocks, open_input

BATCH_RECORDS = 2_000
LONGEST_LINE_BYTES = 64 << 20
"""A file with a longer line is no file of lines; from 64 KiB on a record is refused anyway."""


class LinesSource:
    r"""One file of usage records, one JSON object a line.

    Lines end in `\n` or `\r\n`, the last one in either or in nothing. Bytes are handed over as they are.

    Attributes:
        name: the path, for messages.
        size_bytes: of the file as it is on disk.
        position_bytes: how much of that was read so far, for progress.
    """

    def __init__(self, path: Path) -> None:
        with open_input(path):
            self.size_bytes = path.stat().st_size
        self.name = str(path)
        self.position_bytes = 0
        self._path = path

    @property
    def has_arrival(self) -> bool:
        """Never: a plain file does not know when its records reached the log."""
        return False

    def batches(self) -> Iterator[Batch]:
        """Its records in order, BATCH_RECORDS lines at a time.

        Raises:
            InputError: when the file is cut short or damaged.
        """
        first, lines = 0, list[bytes]()
        for more in _lines(blocks(self._path, self._read_to), self.name):
            lines += more
            whole = len(lines) - len(lines) % BATCH_RECORDS
            for start in range(0, whole, BATCH_RECORDS):
                yield from _batch(lines[start : start + BATCH_RECORDS], first + start)
            first, lines = first + whole, lines[whole:]
        yield from _batch(lines, first)

    def _read_to(self, position_bytes: int) -> None:
        self.position_bytes = position_bytes


def _batch(lines: list[bytes], first: int) -> Iterator[Batch]:
    """The records of lines, the first of which is line `first`, if there are any."""
    offsets = range(first, first + len(lines))
    if lines and all(lines):
        yield Batch(lines, offsets)
    elif any(lines):
        yield Batch([line for line in lines if line], list(compress(offsets, lines)))


def _lines(chunks: Iterator[bytes], name: str) -> Iterator[list[bytes]]:
    """The lines of a stream, as they become whole, without their ends."""
    rest = b""
    for chunk in chunks:
        text = rest + chunk
        lines = text.split(b"\n")
        rest = lines.pop()
        if len(rest) > LONGEST_LINE_BYTES:
            raise InputError(f"{name}: has a line of more than {LONGEST_LINE_BYTES} bytes; this is no file of JSON lines")
        yield [line.removesuffix(b"\r") for line in lines] if b"\r" in text else lines
    if rest:
        yield [rest.removesuffix(b"\r")]
