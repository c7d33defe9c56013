"""Simulated faults and clean days -> delays, found ratios and false incidents, held against what Tidegate promises.

    python -m bench.detection [--seeds 6] [--first-seed 50001] [--days 20] [--stretch 5] [--processes 2] [--resume]
    python -m bench.detection --family storms --family canaries --seeds 2 --days 0

Every family of faults is run once a seed: 3 h of history, then a fault each half hour, on a scenario that begins at a random second
of a week. Clean days are run in stretches of `--stretch` consecutive days, each from a cold start and with a seed of its own.
Outcomes are kept in build/detection, a file a run; `--resume` takes what is there. A delay is the end of the window that fired less
the start of the fault, as in labels: what the grace (5 s) and sending add in a live service is not in it.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.board import Part, Table, keep
from bench.jobs import CLEAN, FAMILIES, ROOT, Done, Job, run_jobs
from bench.trial import Answer

LOUD = ("error", "critical")


@dataclass(frozen=True, slots=True)
class Group:
    """Faults that are counted together.

    Attributes:
        key: in build/bench.json.
        holds: which answers belong to it.
        promise: what is promised, in words; `kept` says whether it was.
    """

    key: str
    name: str
    holds: Callable[[Answer], bool]
    promise: str = ""
    kept: Callable[["Delays"], bool] | None = None


@dataclass(frozen=True, slots=True)
class Delays:
    """Figures of one group; delays in seconds, of those that were found."""

    faults: int
    found: int
    paged: int
    p50_s: float | None
    p95_s: float | None
    max_s: float | None
    page_p50_s: float | None
    page_p95_s: float | None

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> "Delays":
        """The figures of some answers."""
        found = [each.found_s for each in answers if each.found_s is not None]
        paged = [each.paged_s for each in answers if each.paged_s is not None]
        return cls(
            len(answers),
            len(found),
            len(paged),
            _at(found, 0.5),
            _at(found, 0.95),
            _at(found, 1),
            _at(paged, 0.5),
            _at(paged, 0.95),
        )

    @property
    def ratio(self) -> float:
        """Found ones, of all."""
        return self.found / self.faults if self.faults else 0.0


def _at(delays_s: Sequence[float], quantile: float) -> float | None:
    return float(np.quantile(delays_s, quantile)) if delays_s else None


def _within(most_s: float) -> Callable[[Delays], bool]:
    return lambda its: its.ratio == 1 and (its.max_s or 0) <= most_s


def _spike(factor: int, by: str | None = None) -> Callable[[Answer], bool]:
    def holds(each: Answer) -> bool:
        told = f"{each.fault} "
        return each.kind == "token_spike" and f"factor={factor} " in told and (by is None or ("by=size" in told) == (by == "size"))

    return holds


GROUPS = (
    Group("x10", "x10 spikes", _spike(10), "p50 <= 45 s", lambda its: its.ratio == 1 and (its.p50_s or 99) <= 45),
    Group("x10_rate", "  by rate", _spike(10, "rate")),
    Group("x10_size", "  by size", _spike(10, "size")),
    Group("x5", "x5 spikes", _spike(5), "found >= 95 %", lambda its: its.ratio >= 0.95),
    Group("x5_rate", "  by rate", _spike(5, "rate")),
    Group("x5_size", "  by size", _spike(5, "size")),
    Group("storms", "retry storms, A >= 3", lambda each: each.kind == "retry_storm", "all within 30 s", _within(30)),
    Group("storms_client", "  a client's fault", lambda each: each.kind == "retry_storm" and "tenant=" in each.fault),
    Group("storms_provider", "  a provider's fault", lambda each: each.kind == "retry_storm" and "provider=" in each.fault),
    Group("canaries", "bad canaries, +100 % cost at 1 request/s", lambda each: each.kind == "canary_regression", "all within 5 min",
          _within(300)),
)  # fmt: skip


def fault_table(answers: Sequence[Answer]) -> tuple[Table, dict[str, Any]]:
    """Delays by group, and the same as JSON."""
    rows: list[tuple[str, ...]] = []
    figures: dict[str, Any] = {}
    for group in GROUPS:
        its = Delays.of([each for each in answers if group.holds(each)])
        if not its.faults:
            continue
        verdict = "" if group.kept is None else "yes" if group.kept(its) else "NO"
        figures[group.key] = asdict(its) | ({"promise": group.promise, "kept": verdict == "yes"} if verdict else {})
        delays = (its.p50_s, its.p95_s, its.max_s, its.page_p50_s, its.page_p95_s)
        counts = (f"{its.faults}", f"{its.found} ({its.ratio:.1%})", f"{its.paged}")
        rows.append((group.name, *counts, *("-" if each is None else f"{each:.0f}" for each in delays), group.promise, verdict))
    columns = ("fault", "faults", "found", "paged", "p50 s", "p95 s", "max s", "page p50 s", "page p95 s", "promise", "kept")
    note = "Found: by an anomaly of any severity that names the fault rightly. Paged: by one of severity error or critical."
    return Table("Faults after at least 3 h of history, tenants of 1 to 5 operations/s", columns, rows, note), figures


def silence_table(done: Sequence[Done]) -> tuple[Table, dict[str, Any]]:
    """What was said without a fault, on clean days and beside faults."""
    rows: list[tuple[str, ...]] = []
    figures: dict[str, Any] = {}
    for name in (CLEAN, *FAMILIES):
        its = [each.outcome for each in done if each.job.family == name]
        if not its:
            continue
        unasked = [each for outcome in its for each in outcome.unasked]
        false = [each for each in unasked if each.severity in LOUD and not each.beside]
        beside = [each for each in unasked if each.severity in LOUD and each.beside]
        quiet = [each for each in unasked if each.severity not in LOUD and not each.beside]
        days, faults = sum(each.days for each in its), sum(len(each.answers) for each in its)
        detectors = ", ".join(f"{each} {count}" for each, count in Counter(d for one in false for d in one.detectors).most_common())
        rows.append((name, f"{len(its)}", f"{days:.1f}", f"{sum(each.records for each in its):,}", f"{faults}", f"{len(false)}",
                     detectors or "-", f"{len(quiet)}", f"{len(beside)}"))  # fmt: skip
        figures[name] = {
            "runs": len(its),
            "days": round(days, 3),
            "faults": faults,
            "false_incidents": len(false),
            "false_by_detector": detectors,
            "false_warnings": len(quiet),
            "further_incidents_beside_faults": len(beside),
        }
    columns = (
        "scenarios",
        "runs",
        "days",
        "records",
        "faults",
        "false incidents",
        "by detector",
        "false warnings",
        "beside faults",
    )
    note = (
        "False: an incident of severity error or critical while no fault is on, nor was in the 10 minutes before. [None on clean "
        "days.] Beside faults: incidents of that severity that opened because of a fault, besides the one that names it."
    )
    return Table("What was said that nobody asked for", columns, rows, note), figures


def part(done: Sequence[Done], command: str) -> Part:
    """What was measured, for people and programs."""
    ordered = sorted(done, key=lambda each: each.job.name)
    faults, delays = fault_table([answer for each in ordered for answer in each.outcome.answers])
    silence, said = silence_table(ordered)
    codes = sorted({each.code for each in ordered})
    details = {each.job.name: {"code": each.code} | asdict(each.outcome) for each in ordered}
    figures = {"detection": {"faults": delays, "unasked": said, "code": codes}}
    return Part(name="detection", command=command, figures=figures, details=details, tables=[faults, silence])


def report(done: Iterable[Done]) -> list[Done]:
    """Print every miss and everything said unasked as it comes; all of them."""
    gathered = []
    for each in done:
        outcome = each.outcome
        missed = [answer for answer in outcome.answers if answer.found_s is None]
        false = [one for one in outcome.unasked if one.severity in LOUD and not one.beside]
        found = f"{len(outcome.answers) - len(missed)} of {len(outcome.answers)} found, {len(false)} false incidents"
        ran = f"{outcome.days:.2f} days, {outcome.records:,} records, {outcome.seconds:.0f} s of CPU"
        print(f"{each.job.name}: {ran}, {found}", flush=True)
        for answer in missed:
            print(f"  missed after {answer.at_s / 3600:.2f} h: {answer.fault}")
        for one in false:
            print(f"  false {one.severity} {one.opened} {one.title}\n    {one.worst}")
        gathered.append(each)
    return gathered


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description="Delays, found ratios, false incidents.")
    parser.add_argument("--seeds", type=int, default=6, help="runs of each family of faults")
    parser.add_argument("--first-seed", type=int, default=50_001)
    parser.add_argument("--family", action="append", choices=tuple(FAMILIES), help="only these; may be repeated")
    parser.add_argument("--days", type=int, default=20, help="clean days in all; 0 for none")
    parser.add_argument("--stretch", type=int, default=5, help="consecutive clean days a run")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="take kept outcomes instead of running them again")
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "detection")
    told = parser.parse_args(arguments)
    seeds = range(told.first_seed, told.first_seed + told.seeds)
    jobs = [Job(family, seed) for seed in seeds for family in told.family or FAMILIES]
    starts = range(0, told.days, told.stretch)
    jobs += [Job(CLEAN, told.first_seed + n, min(told.stretch, told.days - day)) for n, day in enumerate(starts)]
    done = report(run_jobs(jobs, told.kept, processes=told.processes, resume=told.resume))
    families = "".join(f" --family {each}" for each in told.family or ())
    command = (
        f"python -m bench.detection --seeds {told.seeds} --first-seed {told.first_seed} --days {told.days} --stretch {told.stretch}"
    )
    keep(part(done, command + families))
    return 0


if __name__ == "__main__":
    sys.exit(main())
