"""Facts of one window after another -> what each budget's scope has spent in each of its periods, to the nano-dollar."""

from collections.abc import Iterable, Sequence
from typing import Any

from detectors.budget import Budget, period_end, period_start
from detectors.facts import COLUMN, WindowFacts
from detectors.scope import Rollup, Scope, rollup_of

CORRECTION_MS = 48 * 3_600_000
"""Periods that ended longer ago receive no corrections any more."""
_KNOWN, _ASSUMED = COLUMN["known_nanos"], COLUMN["assumed_nanos"]


class BudgetLedger:
    """Python integers by budget and period, since sums of a period may pass 64 bits.

    Late facts are booked into the period of their own window. `spent_before_nanos` belongs to the period of the first window.
    """

    def __init__(self, budgets: Sequence[Budget]) -> None:
        self.budgets = tuple(budgets)
        self._of_scope: dict[Scope, list[int]] = {}
        for at, budget in enumerate(self.budgets):
            self._of_scope.setdefault(budget.scope, []).append(at)
        self._spent: list[dict[int, int]] = [{} for _ in self.budgets]
        self._period: list[tuple[int, int]] = [(0, 0) for _ in self.budgets]
        self._moved: set[tuple[int, int]] = set()

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The roll-ups of the budgets' scopes, sorted."""
        return tuple(sorted({rollup_of(budget.scope) for budget in self.budgets}))

    def book(self, facts: WindowFacts) -> list[int]:
        """Book one window and its late facts; nano-dollars of each budget in this window."""
        self._turn(facts.start_ms)
        self._moved = set()
        nanos = window_nanos(self.budgets, facts)
        for at, spent in enumerate(nanos):
            if spent:
                self._add(at, self._period[at][0], spent)
        for late in facts.late:
            spent = late.sums[_KNOWN] + late.sums[_ASSUMED]
            for at in self._of_scope.get(late.scope, ()) if spent else ():
                self._add(at, self._period_start(at, late.window_start_ms), spent)
        return nanos

    def spent(self, at: int, period_ms: int | None = None) -> int:
        """Nano-dollars of a budget, by its number, in its running period or in the one that starts at `period_ms`."""
        return self._spent[at].get(self._period[at][0] if period_ms is None else period_ms, 0)

    def period(self, at: int) -> tuple[int, int]:
        """Start and end of the running period, epoch milliseconds."""
        return self._period[at]

    def moved(self) -> list[tuple[int, int]]:
        """(budget, start of period) of all sums that the last window moved, by name of the budget, then time."""
        return sorted(self._moved, key=lambda each: (self.budgets[each[0]].name, each[1]))

    def _add(self, at: int, period_ms: int, nanos: int) -> None:
        self._spent[at][period_ms] = self._spent[at].get(period_ms, 0) + nanos
        self._moved.add((at, period_ms))

    def _turn(self, now_ms: int) -> None:
        for at, (start_ms, end_ms) in enumerate(self._period):
            if start_ms <= now_ms < end_ms:
                continue
            budget = self.budgets[at]
            start = self._period_start(at, now_ms)
            self._period[at] = (start, period_end(now_ms, period=budget.period, time_zone=budget.time_zone))
            if end_ms == 0:
                self._spent[at] = {start: budget.spent_before_nanos}
            self._forget(at, now_ms)

    def _forget(self, at: int, now_ms: int) -> None:
        oldest = self._period_start(at, now_ms - CORRECTION_MS)
        self._spent[at] = {period: spent for period, spent in self._spent[at].items() if period >= oldest}

    def _period_start(self, at: int, at_ms: int) -> int:
        start_ms, end_ms = self._period[at]
        if start_ms <= at_ms < end_ms:
            return start_ms
        return period_start(at_ms, period=self.budgets[at].period, time_zone=self.budgets[at].time_zone)

    def snapshot(self) -> dict[str, Any]:
        """State by name of the budget; amounts as text, since they may pass 64 bits."""
        return {
            budget.name: {
                "period": list(self._period[at]),
                "spent": [[period, str(spent)] for period, spent in sorted(self._spent[at].items())],
            }
            for at, budget in enumerate(self.budgets)
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw; a budget that is new, or whose periods are others now, starts with its next window."""
        self._moved = set()
        for at, budget in enumerate(self.budgets):
            own = state.get(budget.name, {"period": [0, 0], "spent": []})
            start_ms, end_ms = own["period"]
            known = end_ms == period_end(start_ms, period=budget.period, time_zone=budget.time_zone)
            self._period[at] = (start_ms, end_ms) if known else (0, 0)
            self._spent[at] = {period: int(spent) for period, spent in own["spent"]}


def window_nanos(budgets: Iterable[Budget], facts: WindowFacts) -> list[int]:
    """Nano-dollars that the scope of each budget spent in this window, known and assumed."""
    return [sum(window_sums(budget, facts, ("known_nanos", "assumed_nanos"))) for budget in budgets]


def window_sums(budget: Budget, facts: WindowFacts, names: Sequence[str]) -> list[int]:
    """Sums of the budget's scope in this window, by name; zeros for a scope that was never seen."""
    rollup = facts.rollups[rollup_of(budget.scope)]
    slot = rollup.roster.slot(tuple(value for _, value in budget.scope))
    return [0 if slot is None else int(rollup.sums[slot, COLUMN[name]]) for name in names]
