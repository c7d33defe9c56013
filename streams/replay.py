"""Recorded source partitions -> judged windows, through the same stages as the service, and the summary of the run."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from actions.policy import Policy
from detectors.anomaly import BudgetState
from streams.batch import Batch
from streams.labels import Label, score
from streams.outputs import Outputs
from streams.partition import SourcePartition
from streams.pipeline import Judged, Pipeline, Plan
from streams.spend import Spend
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

    def __init__(self, policy: Policy, sources: Sequence[Source], *, spend: Spend | None = None) -> None:
        plan = Plan.of(policy)
        self.outputs = Outputs()
        self.budgets: dict[tuple[str, str], BudgetState] = {}
        self.spend = spend
        self.clock_ms: int | None = None
        self._records = 0
        self._pipeline = Pipeline(plan, range(len(sources)))
        count = len(sources)
        self._partitions = [plan.source(n, has_arrival=each.has_arrival, partitions=count) for n, each in enumerate(sources)]
        self._readers = [_Reader(-(2**62), n, each.batches(), self._partitions[n]) for n, each in enumerate(sources)]
        heapq.heapify(self._readers)

    @property
    def tally(self) -> Tally:
        """Totals of all partitions so far."""
        return Tally.total(partition.tally for partition in self._partitions)

    @property
    def worst_rank(self) -> int:
        """Rank of the most severe incident, -1 when there is none."""
        return max((each.severity.rank for each in self.outputs.incidents.values()), default=-1)

    def steps(self) -> Iterator[int]:
        """Run to the end; after each batch, the number of values read so far."""
        while self._readers:
            reader = heapq.heappop(self._readers)
            batch = next(reader.batches, None)
            if batch is None:
                self._end(reader.partition)
                continue
            self._feed(reader, batch)
            heapq.heappush(self._readers, reader)
            yield self._records
        self._take(self._pipeline.close())

    def run(self) -> None:
        """Run to the end."""
        for _ in self.steps():
            pass

    def _feed(self, reader: _Reader, batch: Batch) -> None:
        for sealed in reader.partition.feed(batch):
            self._take(self._pipeline.add(sealed))
        reader.partition.take_dead_letters()
        self._records += len(batch)
        if reader.partition.watermark_ms is not None:
            reader.watermark_ms = self.clock_ms = reader.partition.watermark_ms

    def _end(self, partition: SourcePartition) -> None:
        for sealed in partition.settle():
            self._take(self._pipeline.add(sealed))
        self._take(self._pipeline.add(partition.end()))

    def _take(self, windows: Iterator[Judged]) -> None:
        for judged in windows:
            self.outputs.add(judged.judgement.anomalies, [each.incident for each in judged.changes], judged.decisions)
            self.budgets.update({(each.budget, each.period_start): each for each in judged.judgement.budgets})
            if self.spend:
                self.spend.take(judged.facts, self._pipeline.panel.expected_nanos())

    def summary(self, *, wall_seconds: float, labels: Sequence[Label] | None = None) -> dict[str, Any]:
        """`summary.json` of design 4.4."""
        tally = self.tally
        figures = {
            **tally.summary(),
            "windows": self._pipeline.join.scope_windows,
            "wall_seconds": round(wall_seconds, 3),
            "records_per_second": round(tally.records / wall_seconds),
        }
        if labels is not None:
            figures |= score(labels, self.outputs.incidents.values(), self.outputs.anomalies)
        return figures
