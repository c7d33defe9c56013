"""A run -> all that is compared of it; two of them -> where they differ."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from actions.policy import Policy
from detectors.anomaly import BudgetState
from detectors.canonical import encode
from detectors.facts import HISTOGRAMS, RollupFacts, WindowFacts
from streams.replay import Replay, Source
from tests.law.recount import Recount

FILES = ("anomalies", "incidents", "decisions")
TIMINGS = ("wall_seconds", "records_per_second")
OF_PARTITIONS = ("late_records", "windows")
"""What may differ between two ways to cut a log into partitions, once records are late."""


@dataclass(slots=True)
class Answers:
    """What one run said.

    Attributes:
        lines: the bytes of anomalies.jsonl, incidents.jsonl and decisions.jsonl.
        totals: summary.json without timings.
        budgets: dollars by budget and start of its period.
        facts: a digest of each judged window that has facts, by its start. A run's files tell neither these nor budgets: None.
    """

    lines: dict[str, bytes]
    totals: dict[str, Any]
    budgets: dict[tuple[str, str], Decimal] | None = None
    facts: dict[int, str] | None = None


class FactsDigest:
    """Judged windows -> a digest of each, in which neither the order of scopes nor that of blocks shows."""

    def __init__(self) -> None:
        self.windows: dict[int, str] = {}

    def take(self, facts: WindowFacts, _expected: object = None) -> None:
        """Note a window; one without a record leaves no trace."""
        digest = hashlib.sha256()
        rows = sum(_add(digest, rollup, each) for rollup, each in sorted(facts.rollups.items()))
        late: dict[tuple[int, object], list[int]] = {}
        for each in facts.late:
            known = late.setdefault((each.window_start_ms, each.scope), [0] * len(each.sums))
            late[each.window_start_ms, each.scope] = [a + b for a, b in zip(known, each.sums, strict=True)]
        digest.update(repr(sorted(late.items())).encode())
        if rows or late:
            self.windows[facts.start_ms] = digest.hexdigest()


def _add(digest: Any, rollup: object, facts: RollupFacts) -> int:
    """Put the scopes that have records into a digest; how many there are."""
    used = np.flatnonzero(facts.sums[:, 0])
    scopes = list(facts.roster.scopes)
    order = sorted(used.tolist(), key=lambda slot: scopes[slot])
    rank = np.full(len(scopes) + 1, -1, np.int64)
    rank[order] = np.arange(len(order))
    digest.update(repr((rollup, [scopes[slot] for slot in order])).encode() + facts.sums[order].tobytes())
    for name in HISTOGRAMS:
        each = facts.histograms[name]
        ordered = np.lexsort((each.bucket, rank[each.row]))
        digest.update(np.stack([rank[each.row], each.bucket, each.count])[:, ordered].astype(np.int64).tobytes())
    return len(order)


def replayed(policy: Policy, sources: Sequence[Source]) -> Answers:
    """The answers of replay, in this process."""
    digest = FactsDigest()
    replay = Replay(policy, sources, spend=digest)  # type: ignore[arg-type]
    replay.run()
    outputs = replay.outputs
    lists = (outputs.sorted_anomalies(), outputs.sorted_incidents(), outputs.sorted_decisions())
    lines = {name: b"".join(encode(each) + b"\n" for each in values) for name, values in zip(FILES, lists, strict=True)}
    summary = {name: value for name, value in replay.summary(wall_seconds=1.0).items() if name not in TIMINGS}
    return Answers(lines, summary, spent(replay.budgets.values()), digest.windows)


def spent(states: Iterable[BudgetState]) -> dict[tuple[str, str], Decimal]:
    """Dollars by budget and start of its period, the last state of each."""
    return {(each.budget, each.period_start): Decimal(each.spent_usd) for each in states}


def read_answers(folder: Path) -> Answers:
    """What a run left in its folder."""
    totals = json.loads((folder / "summary.json").read_bytes())
    lines = {name: (folder / f"{name}.jsonl").read_bytes() for name in FILES}
    return Answers(lines, {name: value for name, value in totals.items() if name not in TIMINGS})


def differences(one: Answers, other: Answers, *, but: Sequence[str] = ()) -> list[str]:
    """Where two runs differ, in words; `but` names totals that may. Budgets and facts count where both runs have them."""
    found = [f"{name}.jsonl differ" for name in FILES if one.lines[name] != other.lines[name]]
    return found + total_differences(one, other, but=but) + _windows(one, other)


def total_differences(one: Answers, other: Answers, *, but: Sequence[str] = ()) -> list[str]:
    """Where two runs differ in totals and budgets."""
    found = [
        f"{name}: {one.totals.get(name)} and {other.totals.get(name)}"
        for name in sorted(one.totals.keys() | other.totals.keys())
        if name not in but and one.totals.get(name) != other.totals.get(name)
    ]
    if one.budgets is not None and other.budgets is not None and one.budgets != other.budgets:
        found.append(f"budgets: {one.budgets} and {other.budgets}")
    return found


def _windows(one: Answers, other: Answers) -> list[str]:
    if one.facts is None or other.facts is None:
        return []
    starts = sorted(one.facts.keys() | other.facts.keys())
    unequal = [start for start in starts if one.facts.get(start) != other.facts.get(start)]
    return [f"{len(unequal)} windows have other facts, the first is that of {unequal[0]}"] if unequal else []


def miscounted(found: Answers, expected: Recount, *, more_duplicates: int = 0) -> list[str]:
    """Where a run differs from the recount, to the nano-dollar; `more_duplicates` came beyond what was recounted."""
    totals = expected.totals() | {"duplicates": expected.duplicates + more_duplicates}
    told = found.totals | {name: Decimal(found.totals[name]) for name in ("cost_usd", "cost_usd_assumed")}
    wrong = [f"{name}: {told[name]} and not {value}" for name, value in totals.items() if told[name] != value]
    if found.budgets is not None and found.budgets != expected.budgets:
        wrong.append(f"budgets: {found.budgets} and not {expected.budgets}")
    return wrong
