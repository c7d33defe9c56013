"""Recorded telemetry -> the answer of `tidegate replay`, and where the service's own answer differs from it."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.canonical import time_text
from streams.window import Timing
from tests.faults.evidence import Evidence
from tests.faults.rig import Rig


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a single process without faults finds in the same records."""

    anomalies: list[bytes]
    incidents: list[bytes]
    decisions: list[bytes]
    summary: dict[str, Any]
    seconds: float


def replayed(rig: Rig, folder: Path) -> Expected:
    """Record the telemetry as it is on the topic, and replay it under the same policy."""
    recording, out, began_s = folder / "telemetry.tgr", folder / "expected", time.monotonic()
    told = rig.service.tidegate("record", *rig.service.kafka_options, "--until-end", "--out", str(recording), "--json")
    assert told.returncode == 0, told.stderr
    told = rig.service.tidegate("replay", str(recording), "--policy", str(rig.policy), "--out", str(out))
    assert told.returncode == 0, told.stderr
    lines = {name: (out / f"{name}.jsonl").read_bytes().splitlines() for name in ("anomalies", "incidents", "decisions")}
    return Expected(**lines, summary=json.loads((out / "summary.json").read_text()), seconds=time.monotonic() - began_s)


def differences(rig: Rig, evidence: Evidence, expected: Expected) -> list[str]:
    """Lines of anomalies and decisions that one has and the other has not, up to the last window that both closed."""
    topics, last = rig.service.topics, min(evidence.last_window_end, _last_with_records(evidence))
    found = []
    for name, topic, key in (
        ("anomalies", topics.anomalies, "window_end"),
        ("decisions", topics.decisions, "ts"),
    ):
        own = {each for each in evidence.raw[topic] if json.loads(each)[key] <= last}
        theirs = {each for each in getattr(expected, name) if json.loads(each)[key] <= last}
        found += [f"{name}: only the service has {_short(each)}" for each in sorted(own - theirs)]
        found += [f"{name}: only replay has {_short(each)}" for each in sorted(theirs - own)]
    return found


def _last_with_records(evidence: Evidence, timing: Timing | None = None) -> str:
    """`window_end` of the last window that has records; replay closes no later one, a service goes on."""
    window_ms = (timing or Timing()).window_ms
    latest = max(int(rows.window.max()) for each in evidence.blocks.values() if len((rows := each.rollups[()]).window))
    return time_text((latest + 1) * window_ms)


def arrived_too_late(evidence: Evidence, timing: Timing | None = None) -> int:
    """Records for windows that an idle mark of their partition had let be judged: there the law ends (engine.md)."""
    timing, count = timing or Timing(), 0
    for partition, values in evidence.telemetry.items():
        marks = [each.marker for each in evidence.marks if each.marker.partition == partition and each.marker.idle_at_ms]
        count += sum(_breaks(ts_ms, offset, marks, timing) for offset, ts_ms in _times(values))
    return count


def _times(values: Iterable[tuple[int, bytes]]) -> Iterable[tuple[int, int]]:
    for offset, value in values:
        try:
            ts = json.loads(value)["ts"]
        except (ValueError, KeyError, RecursionError):
            continue
        if isinstance(ts, int):
            yield offset, ts


def _breaks(ts_ms: int, offset: int, marks: list[Any], timing: Timing) -> bool:
    return any(
        mark.upto <= offset and (mark.idle_at_ms - timing.grace_ms) // timing.window_ms > ts_ms // timing.window_ms
        for mark in marks
    )


def _short(line: bytes) -> str:
    return line.decode()[:200]
