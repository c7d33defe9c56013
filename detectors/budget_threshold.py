"""Facts of the budgets' scopes -> budgets of whose period a share is spent that somebody wants to hear of."""

from collections.abc import Sequence
from typing import Any, ClassVar

from detectors.anomaly import Abnormal, BudgetState, Severity
from detectors.budget import Budget
from detectors.budget_contributors import BudgetContributors
from detectors.budget_ledger import BudgetLedger
from detectors.canonical import time_text, usd_text
from detectors.facts import WindowFacts
from detectors.scope import Rollup, Scope

CONTRIBUTORS_HALF_LIFE_MS = 86_400_000
PPM = 10**6
"""Thresholds are compared as whole parts in a million, so that 70 % is 70 %."""


class BudgetThreshold:
    """A ledger and a comparison; no statistics. The scope is abnormal from the crossing to the end of the period.

    A threshold below `error_ratio` is a warning, one below 1 an error, 1 and above critical. Of several budgets of one scope the
    worst speaks, and the others stand in its evidence. Corrections of a period that is over move its sum, but are no anomaly:
    nothing can be done about it any more.

    Args:
        budgets: whose sums to keep.
        error_ratio: the lowest threshold that pages.
    """

    name: ClassVar[str] = "budget_threshold"
    needs_warm_up: ClassVar[bool] = False
    needs_money_floor: ClassVar[bool] = False

    def __init__(self, *, budgets: Sequence[Budget] = (), error_ratio: float = 0.9) -> None:
        self._error_ratio = error_ratio
        self._ledger = BudgetLedger(budgets)
        self._contributors = BudgetContributors(budgets, half_life_ms=CONTRIBUTORS_HALF_LIFE_MS)
        self._since_ms: dict[str, int] = {}
        self._states: tuple[BudgetState, ...] = ()

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The roll-ups of the budgets' scopes and of their parts."""
        return tuple(sorted({*self._ledger.rollups, *self._contributors.rollups}))

    @property
    def budget_states(self) -> tuple[BudgetState, ...]:
        """The budgets whose sums moved with the window judged last, sorted by name and period."""
        return self._states

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The scopes with a budget over one of its thresholds."""
        nanos = self._ledger.book(facts)
        self._contributors.book(facts)
        self._states = tuple(self._state(at, period_ms) for at, period_ms in self._ledger.moved())
        crossed = [(at, self._crossed(at)) for at in range(len(self._ledger.budgets))]
        over = {at: threshold for at, threshold in crossed if threshold is not None}
        self._date(over, facts.start_ms)
        worst: dict[Scope, int] = {}
        for at in sorted(over, key=lambda at: (-over[at], -self._share(at), self._ledger.budgets[at].name)):
            worst.setdefault(self._ledger.budgets[at].scope, at)
        return [self._abnormal(at, over, nanos[at]) for at in worst.values()]

    def _date(self, over: dict[int, float], start_ms: int) -> None:
        """Keep since when each budget is over a threshold in its running period."""
        before, self._since_ms = self._since_ms, {}
        for at in over:
            name, period_ms = self._ledger.budgets[at].name, self._ledger.period(at)[0]
            self._since_ms[name] = max(period_ms, before.get(name, start_ms))

    def _crossed(self, at: int) -> float | None:
        """The highest threshold that the running period has reached."""
        budget, spent = self._ledger.budgets[at], self._ledger.spent(at)
        reached = (each for each in budget.thresholds if spent * PPM >= round(each * PPM) * budget.amount_nanos)
        return max(reached, default=None)

    def _share(self, at: int) -> float:
        return self._ledger.spent(at) / self._ledger.budgets[at].amount_nanos

    def _abnormal(self, at: int, over: dict[int, float], nanos: int) -> Abnormal:
        budget, spent, threshold = self._ledger.budgets[at], self._ledger.spent(at), over[at]
        others = [each for each in over if each != at and self._ledger.budgets[each].scope == budget.scope]
        return Abnormal(
            scope=budget.scope,
            severity=self._severity(threshold),
            since_ms=self._since_ms[budget.name],
            observed=100 * spent / budget.amount_nanos,
            expected=100 * threshold,
            unit="% of budget",
            score=1.0,
            reason=f"budget {budget.name}: ${usd_text(spent)} of ${usd_text(budget.amount_nanos)} a {budget.period} are spent, "
            f"{threshold:.0%} is reached",
            excess_nanos=max(0, min(nanos, spent - budget.amount_nanos)),
            evidence={
                **self._facts(at),
                "threshold": threshold,
                "owners": list(budget.owners),
                "contributors": self._contributors.top(at),
                "other_budgets": [self._facts(each) for each in sorted(others)],
            },
        )

    def _facts(self, at: int) -> dict[str, Any]:
        budget, (start_ms, end_ms) = self._ledger.budgets[at], self._ledger.period(at)
        return {
            "budget": budget.name,
            "spent_usd": usd_text(self._ledger.spent(at)),
            "amount_usd": usd_text(budget.amount_nanos),
            "period_start": time_text(start_ms),
            "period_end": time_text(end_ms),
        }

    def _severity(self, threshold: float) -> Severity:
        if threshold >= 1:
            return Severity.CRITICAL
        return Severity.ERROR if threshold >= self._error_ratio else Severity.WARNING

    def _state(self, at: int, period_ms: int) -> BudgetState:
        budget = self._ledger.budgets[at]
        return BudgetState(
            budget=budget.name,
            period_start=time_text(period_ms),
            spent_usd=usd_text(self._ledger.spent(at, period_ms)),
            amount_usd=usd_text(budget.amount_nanos),
        )

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {
            "ledger": self._ledger.snapshot(),
            "contributors": self._contributors.snapshot(),
            "since_ms": dict(self._since_ms),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._ledger.restore(state["ledger"])
        self._contributors.restore(state["contributors"])
        self._since_ms = dict(state["since_ms"])
        self._states = ()
