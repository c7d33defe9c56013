"""Judged windows -> what each scope cost, step by step, for the report; memory does not grow with the length of a run."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from actions.incident import Incident
from actions.report import CostTable, Series
from detectors.facts import COLUMN, Float64, Int64, LateFacts, WindowFacts
from detectors.roster import Roster
from detectors.scope import GLOBAL, Rollup, Scope, rollup_of, scope_of, scope_text

Number = TypeVar("Number", np.int64, np.float64)

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
        self._rows: dict[Rollup, dict[Scope, int]] = {}
        self._row_of_slot: dict[Rollup, Int64] = {}

    def take(self, facts: WindowFacts, expected: Mapping[Rollup, Float64]) -> None:
        """Add a window. `expected`: nano-dollars that were to be expected, by roll-up and slot; NaN where nothing is known."""
        for rollup, its in facts.rollups.items():
            if len(rollup) <= WIDEST:
                table = self._tables.setdefault(rollup, CostTable(window_ms=facts.end_ms - facts.start_ms))
                row_of_slot = self._seat(rollup, its.roster)
                foreseen = expected.get(rollup, NOTHING) if rollup else _expected_of_all(expected)
                table.add(facts.start_ms, _by_row(its.nanos, row_of_slot), _by_row(foreseen, row_of_slot[: len(foreseen)]))
        for late in facts.late:
            self._take_late(late)

    def _seat(self, rollup: Rollup, roster: Roster) -> Int64:
        """The row of every slot: a scope has a row of its own, whoever has its slot later."""
        rows, known = self._rows.setdefault(rollup, {}), self._row_of_slot.get(rollup, np.zeros(0, np.int64))
        row_of_slot = np.concatenate([known, np.zeros(len(roster) - len(known), np.int64)])
        for slot in [*roster.reused.tolist(), *range(len(known), len(roster))]:
            row_of_slot[slot] = rows.setdefault(roster.scopes[slot], len(rows))
        self._row_of_slot[rollup] = row_of_slot
        return row_of_slot

    def series(self, incidents: Iterable[Incident] = ()) -> tuple[Series, ...]:
        """The global series first, then those of the gravest incidents, then the dearest."""
        scopes = dict.fromkeys([GLOBAL, *_concerned(incidents), *self._dearest()])
        rows = [(scope, row) for scope in scopes if (row := self._row(scope)) is not None]
        return tuple(self._tables[rollup_of(scope)].series(row, scope_text(scope)) for scope, row in rows[:MOST])

    def _take_late(self, late: LateFacts) -> None:
        """Late facts are drawn where they belong; nothing more was expected of them."""
        row = self._row(late.scope)
        if row is not None:
            nanos = np.zeros(row + 1, np.int64)
            nanos[row] = late.sums[COLUMN["known_nanos"]] + late.sums[COLUMN["assumed_nanos"]]
            self._tables[rollup_of(late.scope)].add(late.window_start_ms, nanos, np.zeros(row + 1))

    def _row(self, scope: Scope) -> int | None:
        return self._rows.get(rollup_of(scope), {}).get(scope)

    def _dearest(self) -> Iterator[Scope]:
        for rollup, table in self._tables.items():
            scopes = list(self._rows[rollup])
            yield from (scopes[row] for row in table.dearest(DEAREST))


def _by_row(values: NDArray[Number], row_of_slot: Int64) -> NDArray[Number]:
    """Values by slot as values by row; 0 where a row has no slot any more."""
    if np.array_equal(row_of_slot, np.arange(len(row_of_slot))):
        return values
    by_row = np.zeros(int(row_of_slot.max(initial=-1)) + 1, values.dtype)
    by_row[row_of_slot] = values
    return by_row


def _expected_of_all(expected: Mapping[Rollup, Float64]) -> Float64:
    """What everything was to cost: as forecast, else what all models together were to cost, since every record has a model."""
    models = expected.get(("model",), NOTHING)
    together = np.nansum(models) if np.isfinite(models).any() else np.nan
    return expected.get((), np.array([together]))


def _concerned(incidents: Iterable[Incident]) -> Iterator[Scope]:
    ranked = sorted(incidents, key=lambda each: (-each.severity.rank, each.opened, each.id))
    return (scope_of(each.scope) for each in ranked)
