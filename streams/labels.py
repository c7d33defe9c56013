"""Labelled faults and the incidents that were found -> precision, recall, delay, dollars before detection (design 4.4)."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from actions.incident import Incident
from detectors.anomaly import Anomaly, Severity
from detectors.canonical import NANOS_PER_USD, parse_time, six_digits, usd_text
from streams.errors import InputError

AFTER_MS = 120_000
"""An incident that opens this long after a fault has ended is still a hit."""

Kind = Literal[
    "token_spike", "cost_spike", "request_burst", "retry_storm", "budget_threshold", "budget_burn", "budget_forecast",
    "quota_exceeded", "canary_regression", "latency_regression", "error_surge", "routing_shift", "cost_per_outcome",
    "runaway_session", "runaway_job", "unknown_price", "telemetry_silence", "tag_coverage", "river_model",
]  # fmt: skip


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that really was there. `also` lists detectors that name the same incident rightly."""

    kind: Kind
    scope: dict[str, str]
    start: str
    end: str
    also: tuple[Kind, ...] = ()

    @property
    def start_ms(self) -> int:
        """Event time at which the fault began."""
        return parse_time(self.start)

    @property
    def end_ms(self) -> int:
        """Event time at which it ended."""
        return parse_time(self.end)


def read_labels(path: Path) -> list[Label]:
    """The labels of a file, one JSON object a line.

    Raises:
        InputError: names file, line and what is wrong.
    """
    labels = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            label = msgspec.json.decode(line, type=Label)
            if label.end_ms < label.start_ms:
                raise ValueError("end lies before start")  # noqa: TRY301 - translated once, below
        except ValueError as error:
            raise InputError(f"{path}:{number}: {error}") from error
        labels.append(label)
    return labels


def _window(incident: Incident, anomalies: Sequence[Anomaly]) -> tuple[int, int]:
    start_ms = min(parse_time(each.window_start) for each in anomalies)
    end_ms = parse_time(incident.resolved) if incident.resolved else max(parse_time(each.window_end) for each in anomalies)
    return start_ms, end_ms


def hits(label: Label, incident: Incident, anomalies: Sequence[Anomaly]) -> list[Anomaly]:
    """The anomalies by which an incident hits a label, in order of time; empty when it does not.

    A hit has a detector of the label's kind or `also`, shares a dimension and value, and overlaps [start, end + 120 s]. A label of
    the global scope is shared by every incident of the global scope.
    """
    start_ms, end_ms = _window(incident, anomalies)
    if start_ms > label.end_ms + AFTER_MS or end_ms < label.start_ms:
        return []
    kinds = {label.kind, *label.also}
    dimensions = [each.scope for each in anomalies] + [incident.scope]
    shared = any(set(label.scope.items()) & set(scope.items()) or (not label.scope and not scope) for scope in dimensions)
    named = [each for each in anomalies if each.detector in kinds]
    return sorted(named, key=lambda each: each.window_end) if shared else []


def score(labels: Sequence[Label], incidents: Iterable[Incident], anomalies: Mapping[str, Anomaly]) -> dict[str, Any]:
    """The four figures of `summary.json`. Precision is over incidents of severity >= error; 1 when there are none."""
    members = [(each, [anomalies[i] for i in each.anomaly_ids]) for each in incidents]
    delays_s: list[float] = []
    costs: list[int] = []
    explained: set[str] = set()
    for label in labels:
        found = {each.id: each_hits for each, its in members if (each_hits := hits(label, each, its))}
        explained |= set(found)
        if found:
            first = min((each for its in found.values() for each in its), key=lambda each: each.window_end)
            delays_s.append(max(0.0, (parse_time(first.window_end) - label.start_ms) / 1000))
            costs.append(int(_nanos(first.cost_usd)))
    loud = [each for each, _ in members if each.severity.rank >= Severity.ERROR.rank]
    right = sum(each.id in explained for each in loud)
    return {
        "precision": six_digits(right / len(loud)) if loud else 1.0,
        "recall": six_digits(len(delays_s) / len(labels)) if labels else 1.0,
        "detection_delay_s": _quantiles(delays_s),
        "cost_before_detection_usd": usd_text(sum(costs)),
    }


def _nanos(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * NANOS_PER_USD + int(part.ljust(9, "0") or 0)


def _quantiles(delays_s: Sequence[float]) -> dict[str, float | None]:
    if not delays_s:
        return {"p50": None, "p95": None, "max": None}
    p50, p95 = np.quantile(delays_s, [0.5, 0.95])
    return {"p50": six_digits(float(p50)), "p95": six_digits(float(p95)), "max": max(delays_s)}
