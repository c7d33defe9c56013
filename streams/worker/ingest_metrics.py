"""Running totals of source partitions -> the metrics of stage 1, each increase counted once."""

import time
from collections import deque

from detectors.canonical import NANOS_PER_USD
from streams.metrics import (
    COST_PER_1K,
    DEAD_LETTERS,
    DUPLICATES,
    LAG,
    LATE,
    RECORDS,
    SKEW,
    SPEND,
    TOKENS,
    UNKEYED,
    WAITING,
    WATERMARK_AGE,
    Metrics,
)
from streams.now import Now
from streams.tally import ModelTally, Tally

COST_S = 60.0
"""Tokens of the last one to two such spans are what `inference_cost_per_1k_usd` is about."""


class IngestMetrics:
    """Counts what tallies have gained since they were last seen; what a snapshot brought back was counted by whoever wrote it."""

    def __init__(self, metrics: Metrics, now: Now) -> None:
        self._metrics = metrics
        self._now = now
        self._seen: dict[int, Tally] = {}
        self._spans: deque[tuple[float, dict[str, ModelTally]]] = deque([(time.monotonic(), {})], maxlen=2)

    def restored(self, partition: int, tally: Tally) -> None:
        """A partition begins with these totals."""
        self._seen[partition] = Tally.total([tally])

    def take(self, partition: int, tally: Tally) -> None:
        """The totals of a partition have grown."""
        before, metrics = self._seen.get(partition) or Tally(), self._metrics
        metrics.add(RECORDS, tally.usage_records - before.usage_records)
        metrics.add(DUPLICATES, tally.duplicates - before.duplicates)
        metrics.add(LATE, tally.late_records - before.late_records)
        for reason, count in tally.dead_letters.items():
            metrics.add(DEAD_LETTERS, count - before.dead_letters.get(reason, 0), reason)
        for model, each in tally.models.items():
            self._count(model, each, before.models.get(model) or ModelTally())
        self._seen[partition] = Tally.total([tally])

    def _count(self, model: str, now: ModelTally, before: ModelTally) -> None:
        if now.records == before.records:
            return
        self._metrics.add(SPEND, (now.known_nanos - before.known_nanos) / NANOS_PER_USD, model, "known")
        self._metrics.add(SPEND, (now.assumed_nanos - before.assumed_nanos) / NANOS_PER_USD, model, "assumed")
        self._metrics.add(TOKENS, now.input_tokens - before.input_tokens, model, "input")
        self._metrics.add(TOKENS, now.output_tokens - before.output_tokens, model, "output")
        gained = ModelTally(
            now.records - before.records,
            now.input_tokens - before.input_tokens,
            now.output_tokens - before.output_tokens,
            now.known_nanos - before.known_nanos,
            now.assumed_nanos - before.assumed_nanos,
        )
        self._spans[-1][1].setdefault(model, ModelTally()).add(gained)

    def refresh(self) -> None:
        """Bring the cost of 1,000 tokens up to date; called now and then."""
        if time.monotonic() - self._spans[-1][0] >= COST_S:
            self._spans.append((time.monotonic(), {}))
        recent: dict[str, ModelTally] = {}
        for _, span in self._spans:
            for model, each in span.items():
                recent.setdefault(model, ModelTally()).add(each)
        for model, each in recent.items():
            tokens = each.input_tokens + each.output_tokens
            if tokens:
                self._metrics.set(COST_PER_1K, (each.known_nanos + each.assumed_nanos) / NANOS_PER_USD / tokens * 1000, model)

    def unkeyed(self, records: int) -> None:
        """Records came without a key."""
        self._metrics.add(UNKEYED, records)

    def skew(self, skew_ms: int) -> None:
        """How far our clock is ahead of arrivals."""
        self._metrics.set(SKEW, skew_ms / 1000)

    def partition(self, partition: int, *, lag: int, watermark_ms: int | None) -> None:
        """How far a partition is behind."""
        self._metrics.set(LAG, lag, str(partition))
        if watermark_ms is not None:
            self._metrics.set(WATERMARK_AGE, max(self._now.ms - watermark_ms, 0) / 1000, str(partition))

    def waiting(self, partitions: int) -> None:
        """So many partitions run ahead and wait."""
        self._metrics.set(WAITING, partitions)

    def owned(self, partitions: list[int]) -> None:
        """This worker has these partitions and no other."""
        for metric in (LAG, WATERMARK_AGE):
            self._metrics.keep(metric, [(str(each),) for each in partitions])
