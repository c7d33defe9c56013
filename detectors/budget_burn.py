"""Facts of the budgets' scopes -> budgets that burn so fast that they will not last for their period."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from detectors.anomaly import Abnormal
from detectors.budget import Budget
from detectors.budget_contributors import BudgetContributors
from detectors.budget_ledger import BudgetLedger, window_sums
from detectors.burn_tiers import PERIOD_MS, TIERS, Tier, pace_nanos, spans_ms
from detectors.canonical import NANOS_PER_USD, time_text, usd_text
from detectors.facts import COLUMN, Int64, WindowFacts
from detectors.scope import Rollup, Scope, scope_text
from detectors.spend_history import Spans, SpendHistory

CONTRIBUTORS_HALF_LIFE_MS = 600_000


class BudgetBurn:
    """Multiwindow, multi-burn-rate (SRE Workbook, chapter 5) on money: burn = spend in the window / what an even pace would spend.

    A tier fires when the burn of its long *and* of its short window reaches its factor: the long one makes it matter, the short one
    ends it soon after the fault has ended. From nothing, a constant burn b fires after long * factor / b. Windows that are
    not yet full count as they are. Sums are integers, so that the instant of firing is exact.

    The pace is flat: a scope that spends only on Monday mornings burns faster then. What that costs is bounded by both floors.

    Args:
        budgets: whose pace to watch.
        min_usd: no tier fires below so many dollars in its long window.
        min_attempts: nor below so many attempts, so that a single request never does.
    """

    name: ClassVar[str] = "budget_burn"
    needs_warm_up: ClassVar[bool] = False
    needs_money_floor: ClassVar[bool] = False

    def __init__(self, *, budgets: Sequence[Budget] = (), min_usd: float = 1.0, min_attempts: int = 10) -> None:
        self._budgets = tuple(budgets)
        self._min_nanos = round(min_usd * NANOS_PER_USD)
        self._min_attempts = min_attempts
        self._ledger = BudgetLedger(budgets)
        self._contributors = BudgetContributors(budgets, half_life_ms=CONTRIBUTORS_HALF_LIFE_MS)
        self._history = SpendHistory(2 * len(self._budgets))
        self._first_ms = -1
        self._since_ms: dict[str, int] = {}
        self._tables: dict[int, _Table] = {}
        self._of_scope: dict[Scope, list[int]] = {}
        for at, budget in enumerate(self._budgets):
            self._of_scope.setdefault(budget.scope, []).append(at)

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The roll-ups of the budgets' scopes and of their parts."""
        return tuple(sorted({*self._ledger.rollups, *self._contributors.rollups}))

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The scopes with a budget that burns too fast: the worst of each scope."""
        if self._first_ms < 0:
            self._first_ms = facts.start_ms
        nanos = self._book(facts)
        burning = self._burning(facts.end_ms, facts.end_ms - facts.start_ms)
        before = self._since_ms
        self._since_ms = {each.budget.name: before.get(each.budget.name, facts.start_ms) for each in burning}
        worst: dict[Scope, _Burn] = {}
        for burn in sorted(burning, key=lambda each: (TIERS.index(each.tier), -each.rate, each.budget.name)):
            worst.setdefault(burn.budget.scope, burn)
        return [self._abnormal(burn, nanos[burn.at], facts) for burn in worst.values()]

    def _book(self, facts: WindowFacts) -> list[int]:
        nanos = self._ledger.book(facts)
        self._contributors.book(facts)
        attempts = [window_sums(budget, facts, ("attempts",))[0] for budget in self._budgets]
        self._history.add(facts.start_ms, facts.end_ms, nanos + attempts)
        length_ms = facts.end_ms - facts.start_ms
        for late in facts.late:
            for at in self._of_scope.get(late.scope, ()):
                spent = late.sums[COLUMN["known_nanos"]] + late.sums[COLUMN["assumed_nanos"]]
                self._history.correct(late.window_start_ms + length_ms, at, spent)
                self._history.correct(late.window_start_ms + length_ms, at + len(self._budgets), late.sums[COLUMN["attempts"]])
        return nanos

    def _burning(self, end_ms: int, window_ms: int) -> "list[_Burn]":
        """The most severe tier of every budget that fires."""
        if window_ms not in self._tables:
            self._tables[window_ms] = _Table.of(self._budgets, window_ms)
        table = self._tables[window_ms]
        nanos, attempts = np.split(self._history.sums(end_ms, table.spans), 2, axis=-1)
        enough = (nanos[:, 0] >= self._min_nanos) & (attempts[:, 0] >= self._min_attempts)
        fires = enough & (nanos >= table.nanos).all(axis=1)
        burning = []
        for at in np.flatnonzero(fires.any(axis=0)).tolist():
            tier = int(fires[:, at].argmax())
            (long_ms, short_ms), (long_nanos, short_nanos) = table.spans_ms[tier, :, at].tolist(), nanos[tier, :, at].tolist()
            burn = _Burn(
                at, self._budgets[at], TIERS[tier], (long_ms, short_ms), (long_nanos, short_nanos), int(attempts[tier, 0, at])
            )
            burning.append(burn)
        return burning

    def _abnormal(self, burn: "_Burn", nanos: int, facts: WindowFacts) -> Abnormal:
        budget, spent = burn.budget, self._ledger.spent(burn.at)
        pace = pace_nanos(budget, Fraction(1), facts.end_ms - facts.start_ms)
        exhausted_ms = self._exhausted_ms(burn, facts.end_ms)
        long_text, short_text = (_span_text(each) for each in burn.spans_ms)
        return Abnormal(
            scope=budget.scope,
            severity=burn.tier.severity,
            since_ms=self._since_ms[budget.name],
            observed=burn.rate,
            expected=1.0,
            unit="x budget",
            score=1.0,
            reason=f"budget {budget.name} burns {burn.rate:.1f}x over {long_text} and {short_text}, tier {burn.tier.label}: "
            f"${usd_text(burn.nanos[0])} in {long_text} of ${usd_text(budget.amount_nanos)} a {budget.period}",
            excess_nanos=max(0, nanos - pace),
            evidence={
                "budget": budget.name,
                "tier": burn.tier.label,
                "long_s": burn.spans_ms[0] // 1000,
                "short_s": burn.spans_ms[1] // 1000,
                "long_usd": usd_text(burn.nanos[0]),
                "short_usd": usd_text(burn.nanos[1]),
                "attempts": burn.attempts,
                "spent_usd": usd_text(spent),
                "amount_usd": usd_text(budget.amount_nanos),
                "period_end": time_text(self._ledger.period(burn.at)[1]),
                "projected_exhaustion": None if exhausted_ms is None else time_text(exhausted_ms),
                "owners": list(budget.owners),
                "contributors": self._contributors.top(burn.at),
            },
        )

    def _exhausted_ms(self, burn: "_Burn", end_ms: int) -> int | None:
        """When the budget is gone at the rate of the long window: None if its period ends before, `end_ms` if it is gone."""
        left = max(0, burn.budget.amount_nanos - self._ledger.spent(burn.at))
        elapsed_ms = min(burn.spans_ms[0], end_ms - self._first_ms)
        at_ms = end_ms + left * elapsed_ms // burn.nanos[0]
        return at_ms if at_ms < self._ledger.period(burn.at)[1] else None

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back, by the names of budgets and their scopes."""
        return {
            "ledger": self._ledger.snapshot(),
            "contributors": self._contributors.snapshot(),
            "history": self._history.snapshot(),
            "series": [_series(budget) for budget in self._budgets],
            "first_ms": self._first_ms,
            "since_ms": dict(self._since_ms),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._ledger.restore(state["ledger"])
        self._contributors.restore(state["contributors"])
        known = {series: column for column, series in enumerate(state["series"])}
        columns = [known.get(_series(budget), -1) for budget in self._budgets]
        attempts = [column + len(known) if column >= 0 else -1 for column in columns]
        self._history.restore(state["history"], columns=columns + attempts)
        self._first_ms = state["first_ms"]
        self._since_ms = dict(state["since_ms"])


@dataclass(frozen=True, slots=True)
class _Table:
    """Every tier for every budget: windows and what has to be spent in them, shape (tiers, long and short, budgets)."""

    spans_ms: Int64
    nanos: Int64
    spans: Spans

    @classmethod
    def of(cls, budgets: Sequence[Budget], window_ms: int) -> "_Table":
        """The table for windows of facts of this length."""
        spans_by_tier = [[spans_ms(tier, budget.period, window_ms) for budget in budgets] for tier in TIERS]
        nanos = [
            [[pace_nanos(budget, tier.factor, span) for span in both] for budget, both in zip(budgets, row, strict=True)]
            for tier, row in zip(TIERS, spans_by_tier, strict=True)
        ]
        shape = (len(TIERS), len(budgets), 2)
        spans = np.array(spans_by_tier, np.int64).reshape(shape).swapaxes(1, 2)
        return cls(spans, np.array(nanos, np.int64).reshape(shape).swapaxes(1, 2), Spans(np.concatenate([spans, spans], axis=2)))


@dataclass(frozen=True, slots=True)
class _Burn:
    """A tier that fires for a budget; spans and nano-dollars of the long window and the short one."""

    at: int
    budget: Budget
    tier: Tier
    spans_ms: tuple[int, int]
    nanos: tuple[int, int]
    attempts: int

    @property
    def rate(self) -> float:
        """Multiple of the even pace over the long window."""
        return self.nanos[0] * PERIOD_MS[self.budget.period] / (self.budget.amount_nanos * self.spans_ms[0])


def _series(budget: Budget) -> str:
    return f"{budget.name}|{scope_text(budget.scope)}"


def _span_text(span_ms: int) -> str:
    for unit_ms, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min")):
        if span_ms >= unit_ms and span_ms % unit_ms == 0:
            return f"{span_ms // unit_ms} {unit}"
    return f"{span_ms // 1000} s"
