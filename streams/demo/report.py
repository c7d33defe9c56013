"""Scripted incidents and how far they came -> the verdict of a demo, as JSON and as words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.demo.script import Step
from streams.demo.watch import Case, complaints


@dataclass(slots=True)
class Report:
    """What a demo has shown so far.

    Attributes:
        cases: of all rounds that were begun.
        seconds: from the start of the demo.
        records, spend_usd: as the service has counted them.
        history: pages, tickets and throttles while the service worked off history; there must be none.
        unscripted: titles of pages for what was not in the script.
        kept: folder of the recording, if it was asked for.
        interrupted: a person stopped it.
    """

    cases: list[Case] = field(default_factory=list)
    seconds: float = 0.0
    records: int = 0
    spend_usd: float = 0.0
    history: int = 0
    unscripted: list[str] = field(default_factory=list)
    kept: Path | None = None
    interrupted: bool = False

    @property
    def complaints(self) -> list[str]:
        """What is missing or went wrong, one line each."""
        acted = [f"history: {self.history} messages about what was long past"] if self.history else []
        nothing = [] if self.cases or self.interrupted else ["no incident was scripted: the service was not ready in time"]
        return [*nothing, *acted, *complaints(self.cases)]

    @property
    def replay(self) -> str | None:
        """The command that judges the recording anew."""
        if self.kept is None:
            return None
        at = self.kept
        return f"tidegate replay {at}/telemetry.tgr --policy {at}/policy.yaml --labels {at}/labels.jsonl --out {at}/replay"

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "passed": not self.complaints,
            "interrupted": self.interrupted,
            "complaints": self.complaints,
            "seconds": round(self.seconds, 1),
            "records": self.records,
            "spend_usd": round(self.spend_usd, 2),
            "incidents": [_plain(case) for case in self.cases],
            "unscripted_pages": self.unscripted,
            "replay": self.replay,
        }

    def words(self) -> list[str]:
        """For people."""
        shown = [case for case in self.cases if case.marks or not case.cut_short]
        found = sum(Step.FOUND in case.marks for case in shown)
        cost_usd = sum(float(case.cost_usd) for case in shown)
        lines = [
            f"{found} of {len(shown)} incidents found in {self.records:,} records and ${self.spend_usd:,.2f} of spend",
            f"They cost ${cost_usd:,.2f} above what is normal.",
            *(f"  {case.scripted.name:58} {_steps(case.marks)}" for case in shown),
        ]
        lines += [f"paged, and not in the script: {title}" for title in self.unscripted]
        lines.append(
            f"The stream is kept. Judge it anew: {self.replay}" if self.kept else "--keep DIR keeps the stream for replay."
        )
        lines += ["stopped by hand"] if self.interrupted else []
        lines += [f"missing: {each}" for each in self.complaints]
        return lines


def _plain(case: Case) -> dict[str, Any]:
    label = case.scripted.label
    return {
        "kind": label.kind,
        "scope": label.scope,
        "began": label.start,
        "after_s": {step.value.replace(" ", "_"): round(after_s, 1) for step, after_s in case.marks.items()},
        "incident": case.incident.get("id"),
        "title": case.incident.get("title"),
        "cost_usd": case.cost_usd,
        "missing": [step.value for step in case.missing],
        "problems": case.problems,
    }


def _steps(marks: Mapping[Step, float]) -> str:
    return ", ".join(f"{step.value} {after_s:.0f} s" for step, after_s in marks.items())


def unscripted(cases: Sequence[Case], alerts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Summaries of the alerts, as {dedup_key, summary}, that belong to no scripted incident."""
    known = {case.incident.get("id") for case in cases}
    return [str(each["summary"]) for each in alerts if each["dedup_key"] not in known]
