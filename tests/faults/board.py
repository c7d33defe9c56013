"""Results of episodes -> the result file that a later run goes on from, build/chaos.json, and a table."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.board import Table
from bench.machine import machine, versions
from tests.faults.episode import Result

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "build" / "chaos" / "results.json"
SUMMARY = ROOT / "build" / "chaos.json"
TIMES = ("recovery_p50_s", "recovery_p95_s", "recovery_max_s", "lateness_p95_s", "lateness_max_s")
COLUMNS = (
    "injection",
    "injections",
    "kills",
    "records",
    "lost",
    "effects twice",
    "repeated",
    "recovery p50",
    "p95",
    "max",
    "windows p95",
    "max",
    "bound",
)


def known(path: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """The results so far, by the name of the episode."""
    return json.loads(path.read_text()) if path.exists() else {}


def keep(name: str, result: Result, path: Path = RESULTS) -> None:
    """Add a result to the file."""
    found = {"measured": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "versions": versions(), "machine": machine()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known(path) | {name: found | result.plain()}, indent=1) + "\n")


def summary(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of build/chaos.json; the recovery is that of single kills."""
    recoveries = [each for result in results.values() if result["kind"] == "kill" for each in result["recoveries_s"]]
    totals = {
        key: sum(result[key] for result in results.values())
        for key in ("injections", "kills", "records", "lost", "duplicate_effects", "repeated", "excused")
    }
    return {
        **totals,
        "recovery_p95_s": _quantile(recoveries, 0.95),
        "recovery_max_s": max(recoveries, default=None),
        "seconds": round(sum(result["seconds"] for result in results.values())),
        "broken": {name: result["broken"] for name, result in results.items() if result["broken"]},
        "versions": versions(),
        "machine": machine(),
        "parts": {kind: _part([r for r in results.values() if r["kind"] == kind]) for kind in _kinds(results)},
    }


def _kinds(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(result["kind"] for result in results.values()))


def _part(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    recoveries = [each for result in results for each in result["recoveries_s"]]
    lateness = [each for result in results for each in result.get("lateness_s", [])]
    injections = sum(result["injections"] for result in results)
    return {
        **{key: sum(result[key] for result in results) for key in ("kills", "records", "lost", "duplicate_effects", "repeated")},
        "injections": injections,
        "lost_unread": sum(result.get("lost_unread", 0) for result in results),
        "recovery_p50_s": _quantile(recoveries, 0.5),
        "recovery_p95_s": _quantile(recoveries, 0.95),
        "recovery_max_s": max(recoveries, default=None),
        "lateness_p95_s": _quantile(lateness, 0.95),
        "lateness_max_s": max(lateness, default=None),
        "bound_95": round(3 / injections, 4) if injections else None,
        "missed": [each for result in results for each in result["missed"]],
    }


def _quantile(values: Sequence[float], share: float) -> float | None:
    return round(float(np.quantile(values, share, method="higher")), 2) if values else None


def table(figures: Mapping[str, Any]) -> Table:
    """One row a kind of fault, and one of all."""
    rows = [_row(kind, part) for kind, part in figures["parts"].items()]
    note = (
        "bound: with no failure in n injections, the chance of one is below 3/n at 95 %. repeated: deliveries under a key that had "
        "its effect. Recovery of kills: until the worker is ready again, all partitions are read and no window is due. windows: "
        "how long after its end and the grace a window was judged meanwhile. lost: neither counted, refused nor named; what "
        "was deleted before anybody read it is named, and is `lost_unread` in build/chaos.json."
    )
    return Table("Faults on a real Kafka, and what came of them", COLUMNS, rows, note)


def _row(kind: str, part: Mapping[str, Any]) -> list[str]:
    counts = [f"{part[key]:,}" for key in ("injections", "kills", "records", "lost", "duplicate_effects", "repeated")]
    times = ["" if part[key] is None else f"{part[key]:.1f} s" for key in TIMES]
    return [kind, *counts, *times, _bound(part["bound_95"])]


def _bound(share: float | None) -> str:
    """Of less than four injections it says nothing."""
    return "" if share is None or share >= 1 else f"< {share:.1%}"


def write(results: Mapping[str, Mapping[str, Any]], path: Path = SUMMARY) -> dict[str, Any]:
    """Write the summary, and give it."""
    figures = summary(results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n")
    return figures
