"""Files -> source partitions: what `replay` reads, whatever the form it was kept in.

usage.jsonl  usage.jsonl.gz  usage.jsonl.zst      LinesSource       streams/source/lines.py
usage.parquet                                     TableSource       streams/source/table.py
topic.tgr                                         PartitionSource   streams/source/recording.py, one a partition
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from streams.batch import Batch
from streams.errors import InputError
from streams.source.lines import LinesSource
from streams.source.recording import SUFFIX, PartitionSource, RecordingReader, RecordingWriter
from streams.source.table import TableSource

__all__ = ["FileSource", "LinesSource", "PartitionSource", "RecordingReader", "RecordingWriter", "TableSource", "open_sources"]

LINES = (".jsonl", ".jsonl.gz", ".jsonl.zst")
TABLE = ".parquet"


class FileSource(Protocol):
    """One source partition that is kept in a file."""

    name: str
    """For messages: the file, and the partition of a recording."""
    size_bytes: int
    """How much there is to read."""
    position_bytes: int
    """How much of it was read so far; rises while `batches` is read."""

    @property
    def has_arrival(self) -> bool:
        """Whether its batches know when records reached the log."""
        ...

    def batches(self) -> Iterator[Batch]:
        """Its records in order; each call reads from the beginning."""
        ...


def open_sources(path: Path) -> list[FileSource]:
    """The source partitions of a file: one, or as many as a recording has.

    Raises:
        InputError: when there is no such file, its name has no known ending, or its head is no recording's.
    """
    name = path.name
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name the files in it")
    if name.endswith(LINES):
        return [LinesSource(path)]
    if name.endswith(TABLE):
        return [TableSource(path)]
    if name.endswith(SUFFIX):
        return list(RecordingReader(path).partitions())
    raise InputError(f"{path}: has none of the endings {' '.join((*LINES, TABLE, SUFFIX))}")
