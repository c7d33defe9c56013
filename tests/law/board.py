"""What the long programme found -> tables on the terminal, and build/law.json."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.board import ROOT, Table
from bench.machine import machine, versions
from tests.law.disturbed import Disturbed, Played
from tests.law.matrix import Matrix, Went

JSON = ROOT / "build" / "law.json"
SMALL_JSON = ROOT / "build" / "law-small.json"
COMPARED = {
    "dealing": "One process. Nothing late: anomalies, incidents and decisions byte for byte, facts of windows, totals, budgets. "
    "Late records: totals and budgets. Both with a recount, to the nano-dollar.",
    "kafka": "Late records included. Of each worker the three files byte for byte and the summary but for timings, with replay of "
    "the recording; of the topics the facts of all windows, the budgets and the dead letters.",
}


def dealing_table(went: Sequence[Went]) -> Table:
    """A row a way."""
    rows = [
        (str(each.way), f"{each.records:,}", f"{each.seconds:.0f}", f"{each.records / each.seconds:,.0f}", _verdict(each.wrong))
        for each in went
    ]
    return Table(
        "One stream, dealt out", ("partitions, key", "records", "seconds", "records/s", "differences"), rows, COMPARED["dealing"]
    )


def kafka_table(played: Sequence[Played]) -> Table:
    """A row a run."""
    rows = [
        ("  ".join(each.script.roles), "yes" if each.script.named else "no", str(each.count("kill")), str(each.count("leave")),
         f"{each.seconds:.0f}", _verdict(each.wrong))
        for each in played
    ]  # fmt: skip
    columns = ("workers", "ids", "kills", "leaves", "seconds", "differences")
    return Table("On Apache Kafka", columns, rows, COMPARED["kafka"])


def _verdict(wrong: Sequence[str]) -> str:
    return "none" if not wrong else f"{len(wrong)}: {wrong[0][:60]}"


def dealing_figures(matrix: Matrix, went: Sequence[Went]) -> dict[str, Any]:
    """The part of law.json about one process."""
    counted = matrix.counted[True]
    totals = {name: str(value) if name.startswith("cost") else value for name, value in counted.totals().items()}
    ways = [
        {"way": str(each.way), "records": each.records, "seconds": round(each.seconds, 1), "wrong": each.wrong} for each in went
    ]
    return {"compared": COMPARED["dealing"], "records": len(matrix.sent), "recount": totals, "ways": ways}


def kafka_figures(stage: Disturbed, played: Sequence[Played]) -> dict[str, Any]:
    """The part of law.json about Kafka."""
    runs = [
        {
            "roles": list(each.script.roles), "named": each.script.named, "seed": each.script.seed, "kills": each.count("kill"),
            "leaves": each.count("leave"), "done": [list(step) for step in each.done], "written": each.written,
            "seconds": round(each.seconds, 1), "wrong": each.wrong,
        }
        for each in played
    ]  # fmt: skip
    totals = stage.expected.totals
    return {
        "compared": COMPARED["kafka"], "records": len(stage.log), "partitions": stage.partitions, "summary": totals,
        "lines": {name: lines.count(b"\n") for name, lines in stage.expected.lines.items()}, "runs": runs,
    }  # fmt: skip


def keep(part: str, figures: Mapping[str, Any], *, seed: int, seconds: float, path: Path) -> None:
    """Put a part into the JSON file beside the other one."""
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    about = {
        "command": f"python -m tests.law --part {part} --seed {seed}",
        "measured": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "seconds": round(seconds),
        "versions": versions(),
        "machine": machine(),
    }
    known.setdefault("parts", {})[part] = {**about, **figures}
    parts = known["parts"].values()
    runs = [run for each in parts for run in (*each.get("ways", ()), *each.get("runs", ()))]
    known |= {"versions": versions(), "machine": machine(), "runs": len(runs)}
    known["violations"] = sum(1 for run in runs if run["wrong"])
    known["kills"] = sum(run.get("kills", 0) for run in runs)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
