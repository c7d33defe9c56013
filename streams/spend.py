"""Judged windows -> what each scope cost, step by step, for the report; memory does not grow with the length of a run."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from actions.incident import Incident
from actions.report import CostTable, Series
from detectors.facts import COLUMN, Float64, LateFacts, WindowFacts
from detectors.roster import Roster
from detectors.scope import GLOBAL, Rollup, Scope, rollup_of, scope_of, scope_text

WIDEST = 2
"""Roll-ups with more dimensions are not drawn."""
DEAREST = 3
"""Scopes of each roll-up that are shown in any case: those that cost most."""
MOST = 24
"""Series of a report."""
NOTHING: Float64 = np.zeros(0)


class Spend:
    """Cost against baseline of everything, of what incidents are about, and of the scopes that cost most."""

    def __init__(self) -> None:
        self._tables: dict[Rollup, CostTable] = {}
        self._rosters: dict[Rollup, Roster] = {}

    def take(self, facts: WindowFacts, expected: Mapping[Rollup, Float64]) -> None:
        """Add a window. `expected`: nano-dollars that were to be expected, by roll-up and slot; NaN where nothing is known."""
        for rollup, rows in facts.rollups.items():
            if len(rollup) <= WIDEST:
                table = self._tables.setdefault(rollup, CostTable(window_ms=facts.end_ms - facts.start_ms))
                self._rosters[rollup] = rows.roster
                table.add(facts.start_ms, rows.nanos, expected.get(rollup, NOTHING) if rollup else _expected_of_all(expected))
        for late in facts.late:
            self._take_late(late)

    def series(self, incidents: Iterable[Incident] = ()) -> tuple[Series, ...]:
        """The global series first, then those of the gravest incidents, then the dearest."""
        scopes = dict.fromkeys([GLOBAL, *_concerned(incidents), *self._dearest()])
        slots = [(scope, slot) for scope in scopes if (slot := self._slot(scope)) is not None]
        return tuple(self._tables[rollup_of(scope)].series(slot, scope_text(scope)) for scope, slot in slots[:MOST])

    def _take_late(self, late: LateFacts) -> None:
        """Late facts are drawn where they belong; nothing more was expected of them."""
        slot = self._slot(late.scope)
        if slot is not None:
            row = np.zeros(slot + 1, np.int64)
            row[slot] = late.sums[COLUMN["known_nanos"]] + late.sums[COLUMN["assumed_nanos"]]
            self._tables[rollup_of(late.scope)].add(late.window_start_ms, row, np.zeros(slot + 1))

    def _slot(self, scope: Scope) -> int | None:
        roster = self._rosters.get(rollup_of(scope))
        return None if roster is None else roster.slot(tuple(value for _, value in scope))

    def _dearest(self) -> Iterator[Scope]:
        for rollup, table in self._tables.items():
            yield from (self._rosters[rollup].scopes[row] for row in table.dearest(DEAREST))


def _expected_of_all(expected: Mapping[Rollup, Float64]) -> Float64:
    """What everything was to cost: as forecast, else what all models together were to cost, since every record has a model."""
    models = expected.get(("model",), NOTHING)
    together = np.nansum(models) if np.isfinite(models).any() else np.nan
    return expected.get((), np.array([together]))


def _concerned(incidents: Iterable[Incident]) -> Iterator[Scope]:
    ranked = sorted(incidents, key=lambda each: (-each.severity.rank, each.opened, each.id))
    return (scope_of(each.scope) for each in ranked)
