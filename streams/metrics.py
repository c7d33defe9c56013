"""Metrics, each declared once with kind, unit and meaning -> a registry that is counted in, and docs/metrics.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

OTHER = "other"
"""The label value of all that came after a metric's limit was reached."""

DELAY_BUCKETS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 120, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One metric.

    Attributes:
        name: as scraped; a counter's ends in `_total`.
        unit: of the value.
        labels: names of labels, none where empty.
        limit: how many different label sets are kept; what comes later is counted under `other`.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    limit: int = 100


RECORDS = Declared(
    name="tidegate_records_total", kind="counter", unit="records",
    meaning="Usage records accepted once: late ones included, duplicates not. A crash counts those since the last snapshot again.",
)  # fmt: skip
DEAD_LETTERS = Declared(
    name="tidegate_dead_letters_total", kind="counter", unit="records", labels=("reason",), limit=20,
    meaning="Records refused and written to the dead-letter topic, by reason of the closed list.",
)  # fmt: skip
DUPLICATES = Declared(
    name="tidegate_duplicates_total", kind="counter", unit="records",
    meaning="Records whose event id was seen before, within the dedupe horizon and the partition. They change nothing.",
)  # fmt: skip
LATE = Declared(
    name="tidegate_late_total", kind="counter", unit="records",
    meaning="Accepted records whose window their partition's watermark had passed. They reach totals and budgets, no verdict.",
)  # fmt: skip
UNKEYED = Declared(
    name="tidegate_unkeyed_total", kind="counter", unit="records",
    meaning="Records without a Kafka key. Repeats of such records may land in other partitions, where they are not recognised.",
)  # fmt: skip
SPEND = Declared(
    name="tidegate_spend_usd_total", kind="counter", unit="US dollars", labels=("model", "priced"), limit=200,
    meaning="Cost of accepted records; `priced` is `known` (billed or by the book) or `assumed` (unknown model: policy's bound).",
)  # fmt: skip
TOKENS = Declared(
    name="tidegate_tokens_total", kind="counter", unit="tokens", labels=("model", "direction"), limit=200,
    meaning="Tokens of accepted records; `direction` is `input` or `output`.",
)  # fmt: skip
COST_PER_1K = Declared(
    name="inference_cost_per_1k_usd", kind="gauge", unit="US dollars per 1,000 tokens", labels=("model",), limit=100,
    meaning="Cost of 1,000 tokens over the last one to two minutes. Do not average it: divide the two counters above instead.",
)  # fmt: skip
LAG = Declared(
    name="tidegate_consumer_lag_records", kind="gauge", unit="records", labels=("partition",), limit=1000,
    meaning="Telemetry records that wait in a source partition of this worker.",
)  # fmt: skip
WATERMARK_AGE = Declared(
    name="tidegate_watermark_age_seconds", kind="gauge", unit="seconds", labels=("partition",), limit=1000,
    meaning="How far a source partition's watermark lies behind now; the grace and the idle time are in it.",
)  # fmt: skip
SKEW = Declared(
    name="tidegate_clock_skew_seconds", kind="gauge", unit="seconds",
    meaning="This worker's clock less that of arrivals, as fresh records tell it; idle marks are corrected by it.",
)  # fmt: skip
ANOMALIES = Declared(
    name="tidegate_anomalies_total", kind="counter", unit="anomalies", labels=("detector", "severity"), limit=100,
    meaning="Anomalies written: episodes that opened, and severities that rose.",
)  # fmt: skip
INCIDENTS_OPEN = Declared(
    name="tidegate_incidents_open", kind="gauge", unit="incidents",
    meaning="Incidents that are not resolved.",
)  # fmt: skip
DECISIONS = Declared(
    name="tidegate_decisions_total", kind="counter", unit="decisions", labels=("action",), limit=20,
    meaning="Decisions of the policy, by action; `none` says why nothing is done.",
)  # fmt: skip
RECEIPTS = Declared(
    name="tidegate_receipts_total", kind="counter", unit="receipts", labels=("action", "outcome"), limit=60,
    meaning="What became of decisions. `skipped` is what the mode, a freeze or another gate held back.",
)  # fmt: skip
DETECTION_DELAY = Declared(
    name="tidegate_detection_delay_seconds", kind="histogram", unit="seconds",
    meaning="From the end of an anomaly's window to its being written; 5 s of grace are in it, and 2 s when a partition was idle.",
)  # fmt: skip
PAGE_DELAY = Declared(
    name="tidegate_page_delay_seconds", kind="histogram", unit="seconds",
    meaning="From the end of the window that led to a page to the pager's having accepted it.",
)  # fmt: skip
BUDGET_SPENT = Declared(
    name="tidegate_budget_spent_ratio", kind="gauge", unit="ratio", labels=("budget",), limit=200,
    meaning="Spent part of a budget in its current period; 1 is all of it.",
)  # fmt: skip
THROTTLE_LEVEL = Declared(
    name="tidegate_throttle_level", kind="gauge", unit="level", labels=("scope",), limit=100,
    meaning="Level of the throttle that stands on a scope, 0 to 3.",
)  # fmt: skip
FROZEN = Declared(
    name="tidegate_frozen", kind="gauge", unit="boolean",
    meaning="1 while a person has frozen all acting.",
)  # fmt: skip
BLIND = Declared(
    name="tidegate_blind", kind="gauge", unit="boolean",
    meaning="1 while this worker does not see all of the traffic as it comes; destructive actions are then held back.",
)  # fmt: skip
WAITING = Declared(
    name="tidegate_partitions_waiting", kind="gauge", unit="partitions",
    meaning="Source partitions of this worker that are not read on, since they run ahead of the slowest one.",
)  # fmt: skip
SNAPSHOTS_UNUSABLE = Declared(
    name="tidegate_snapshots_unusable_total", kind="counter", unit="snapshots", labels=("flaw",), limit=10,
    meaning="Snapshots passed over because they are corrupt, not whole or of another version; the log names key and reason.",
)  # fmt: skip
LOST = Declared(
    name="tidegate_lost_records_total", kind="counter", unit="offsets", labels=("topic",), limit=20,
    meaning="Offsets that a topic no longer had when they were to be read; the log names them. Windows that miss them say so.",
)  # fmt: skip

DECLARED = (
    RECORDS, DEAD_LETTERS, DUPLICATES, LATE, UNKEYED, SPEND, TOKENS, COST_PER_1K, LAG, WATERMARK_AGE, SKEW, ANOMALIES,
    INCIDENTS_OPEN, DECISIONS, RECEIPTS, DETECTION_DELAY, PAGE_DELAY, BUDGET_SPENT, THROTTLE_LEVEL, FROZEN, BLIND,
    WAITING, SNAPSHOTS_UNUSABLE, LOST,
)  # fmt: skip
"""All of them, in the order of a record's way."""

_Instrument = Counter | Gauge | Histogram


class Metrics:
    """The metrics of one worker, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._instruments: dict[str, _Instrument] = {each.name: _instrument(each, self.registry) for each in DECLARED}
        self._seen: dict[str, set[tuple[str, ...]]] = {each.name: set() for each in DECLARED}

    def add(self, metric: Declared, amount: float = 1, *labels: str) -> None:
        """Count up. `labels` are values in the order of the declaration."""
        if amount:
            counter = self._of(metric, labels)
            assert isinstance(counter, Counter)
            counter.inc(amount)

    def set(self, metric: Declared, value: float, *labels: str) -> None:
        """Set a gauge."""
        gauge = self._of(metric, labels)
        assert isinstance(gauge, Gauge)
        gauge.set(value)

    def observe(self, metric: Declared, value: float, *labels: str) -> None:
        """Take a value into a histogram."""
        histogram = self._of(metric, labels)
        assert isinstance(histogram, Histogram)
        histogram.observe(value)

    def keep(self, metric: Declared, labels: Iterable[tuple[str, ...]]) -> None:
        """Drop the series of a gauge that are not among `labels`."""
        gauge, seen, wanted = self._instruments[metric.name], self._seen[metric.name], set(labels)
        for each in seen - wanted:
            gauge.remove(*each)
        seen &= wanted

    def page(self) -> tuple[bytes, str]:
        """What Prometheus scrapes, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def _of(self, metric: Declared, labels: tuple[str, ...]) -> _Instrument:
        instrument = self._instruments[metric.name]
        if not metric.labels:
            return instrument
        seen = self._seen[metric.name]
        if labels not in seen:
            if len(seen) >= metric.limit:
                labels = (OTHER, *labels[1:])
            seen.add(labels)
        return instrument.labels(*labels)


def _instrument(metric: Declared, registry: CollectorRegistry) -> _Instrument:
    if metric.kind == "counter":
        return Counter(metric.name, metric.meaning, metric.labels, registry=registry)
    if metric.kind == "gauge":
        return Gauge(metric.name, metric.meaning, metric.labels, registry=registry)
    return Histogram(metric.name, metric.meaning, metric.labels, registry=registry, buckets=DELAY_BUCKETS_S)


def metrics_page() -> str:
    """docs/metrics.md."""
    rows = [
        f"| `{each.name}{{{','.join(each.labels)}}}` | {each.kind} | {each.unit} | {each.meaning} |".replace("{}", "")
        for each in DECLARED
    ]
    return "\n".join([_HEAD, *rows, ""])


_HEAD = """# Metrics

Made from `streams/metrics.py` by `python -m streams.metrics > docs/metrics.md`; a test compares the two. `/metrics` of every worker
has them; a worker fills those of its roles. Label values are bounded: past a metric's limit the first label is `other`.

| metric | kind | unit | meaning |
|---|---|---|---|"""

if __name__ == "__main__":
    print(metrics_page(), end="")  # noqa: T201 (what the module is run for)
