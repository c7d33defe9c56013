"""Judged windows -> the lines of anomalies.jsonl, incidents.jsonl and decisions.jsonl (design 4.4)."""

from collections.abc import Iterable
from pathlib import Path

from actions.decision import Decision
from actions.incident import Incident
from detectors.anomaly import Anomaly
from detectors.canonical import encode


class Outputs:
    """All anomalies and decisions, and the last state of each incident, gathered in order.

    Lines are sorted by (window_end, ts or opened; id), so that two runs over the same log write the same bytes.
    """

    def __init__(self) -> None:
        self.anomalies: dict[str, Anomaly] = {}
        self.incidents: dict[str, Incident] = {}
        self.decisions: dict[str, Decision] = {}

    def add(self, anomalies: Iterable[Anomaly], incidents: Iterable[Incident], decisions: Iterable[Decision]) -> None:
        """Take what one window led to; what is known by its id is taken once, incidents in their last state."""
        for anomaly in anomalies:
            self.anomalies.setdefault(anomaly.id, anomaly)
        for incident in incidents:
            self.incidents[incident.id] = incident
        for decision in decisions:
            self.decisions.setdefault(decision.id, decision)

    def sorted_anomalies(self) -> list[Anomaly]:
        """By (window_end, id)."""
        return sorted(self.anomalies.values(), key=lambda each: (each.window_end, each.id))

    def sorted_incidents(self) -> list[Incident]:
        """By (opened, id)."""
        return sorted(self.incidents.values(), key=lambda each: (each.opened, each.id))

    def sorted_decisions(self) -> list[Decision]:
        """By (ts, id)."""
        return sorted(self.decisions.values(), key=lambda each: (each.ts, each.id))

    def write(self, folder: Path) -> None:
        """Write the three files; each appears whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        _write_lines(folder / "anomalies.jsonl", self.sorted_anomalies())
        _write_lines(folder / "incidents.jsonl", self.sorted_incidents())
        _write_lines(folder / "decisions.jsonl", self.sorted_decisions())


def _write_lines(path: Path, values: Iterable[Anomaly | Incident | Decision]) -> None:
    write_whole(path, b"".join(encode(each) + b"\n" for each in values))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one."""
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
