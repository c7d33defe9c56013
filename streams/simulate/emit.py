"""Records in arrival order -> a file of lines, or a recording that keeps partitions and arrivals."""

import gzip
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from streams.errors import InputError
from streams.simulate.arrivals import Arrivals, Partitioning
from streams.source import LINES
from streams.source.recording import SUFFIX, RecordingWriter

TOPIC = "telemetry"


class Sink(Protocol):
    """Where records go to."""

    def write(self, arrivals: Arrivals) -> None:
        """Take records; asked in arrival order."""
        ...

    def close(self) -> None:
        """No more will come."""
        ...


class LinesSink:
    """One line a record, in arrival order; gzip and zstd by the name's ending. The same records give the same bytes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._stream: BinaryIO = _packed(self._file, path.suffix)

    def write(self, arrivals: Arrivals) -> None:
        """Append the records."""
        if len(arrivals):
            self._stream.write(b"\n".join(arrivals.values) + b"\n")

    def close(self) -> None:
        """Write the end."""
        self._stream.close()
        self._file.close()


class RecordingSink:
    """A recording as `tidegate record` would have made it of a topic keyed by tenant."""

    def __init__(self, path: Path, *, partitions: int, topic: str = TOPIC) -> None:
        self._writer = RecordingWriter(path, topic=topic, partitions=partitions)
        self._partitioning = Partitioning(partitions)

    def write(self, arrivals: Arrivals) -> None:
        """Deal the records out and keep them."""
        for partition, (batch, keys) in self._partitioning.deal(arrivals).items():
            assert batch.arrivals_ms is not None
            self._writer.write(partition, offsets=batch.offsets, timestamps_ms=batch.arrivals_ms, keys=keys, values=batch.values)

    def close(self) -> None:
        """Write the end."""
        self._writer.close()


def open_sink(path: Path, *, partitions: int = 1) -> Sink:
    """The sink that the name of a file asks for.

    Raises:
        InputError: when its ending is none that `tidegate replay` reads.
    """
    if path.name.endswith(SUFFIX):
        return RecordingSink(path, partitions=partitions)
    if path.name.endswith(LINES):
        return LinesSink(path)
    raise InputError(f"{path}: has none of the endings {' '.join((*LINES, SUFFIX))}")


def _packed(file: BinaryIO, suffix: str) -> BinaryIO:
    if suffix == ".gz":
        # without name and time, so that equal records are equal files
        return gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=3, mtime=0)  # type: ignore[return-value]
    if suffix == ".zst":
        return zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False)
    return file
