"""Recorded source partitions -> judged windows, through the same stages as the service, and the summary of the run."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from streams.batch import Batch
from streams.outputs import Outputs
from streams.partition import SourcePartition
from streams.pipeline import Judged, Pipeline, Plan
from streams.tally import Tally


class Source(Protocol):
    """One source partition of what is replayed: a file, or a partition of a recording."""

    @property
    def name(self) -> str:
        """For messages: the file, and the partition of a recording."""
        ...

    @property
    def has_arrival(self) -> bool:
        """Whether its batches know when records reached the log."""
        ...

    def batches(self) -> Iterator[Batch]:
        """Its records in order; called once."""
        ...


@dataclass(order=True, slots=True)
class _Reader:
    """A source at the position that it was read to; the one with the lowest watermark is read next."""

    watermark_ms: int
    number: int
    batches: Iterator[Batch] = field(compare=False)
    partition: SourcePartition = field(compare=False)


class Replay:
    """Reads sources lowest watermark first, and gathers what the pipeline finds."""

    def __init__(self, plan: Plan, sources: Sequence[Source], *, on_window: Callable[[Judged], None] | None = None) -> None:
        self.plan = plan
        self.outputs = Outputs()
        self.records = 0
        self.windows = 0
        self.clock_ms: int | None = None
        self._on_window = on_window
        self._pipeline = Pipeline(plan, range(len(sources)))
        self._partitions = [
            plan.source(number, has_arrival=source.has_arrival, partitions=len(sources)) for number, source in enumerate(sources)
        ]
        self._readers = [
            _Reader(-(2**62), number, source.batches(), self._partitions[number]) for number, source in enumerate(sources)
        ]
        heapq.heapify(self._readers)

    @property
    def scope_windows(self) -> int:
        """Closed (scope, window) pairs that had a record."""
        return self._pipeline.join.scope_windows

    @property
    def tally(self) -> Tally:
        """Totals of all partitions so far."""
        return Tally.total(partition.tally for partition in self._partitions)

    def steps(self) -> Iterator[int]:
        """Run to the end; after each batch, the number of values read so far."""
        while self._readers:
            reader = heapq.heappop(self._readers)
            batch = next(reader.batches, None)
            if batch is None:
                self._take(self._pipeline.add(reader.partition.end()))
                continue
            for sealed in reader.partition.feed(batch):
                self._take(self._pipeline.add(sealed))
            reader.partition.take_dead_letters()
            self.records += len(batch)
            if reader.partition.watermark_ms is not None:
                reader.watermark_ms = self.clock_ms = reader.partition.watermark_ms
            heapq.heappush(self._readers, reader)
            yield self.records
        self._take(self._pipeline.close())

    def run(self) -> None:
        """Run to the end."""
        for _ in self.steps():
            pass

    def _take(self, windows: Iterator[Judged]) -> None:
        for judged in windows:
            self.windows += 1
            self.outputs.add(judged.judgement.anomalies, [each.incident for each in judged.changes], judged.decisions)
            if self._on_window:
                self._on_window(judged)


def summary(tally: Tally, *, windows: int, wall_seconds: float) -> dict[str, Any]:
    """`summary.json` of design 4.4, without the figures that need labels."""
    records = tally.records
    return {
        **tally.summary(),
        "windows": windows,
        "wall_seconds": round(wall_seconds, 3),
        "records_per_second": round(records / wall_seconds) if wall_seconds > 0 else 0,
    }
