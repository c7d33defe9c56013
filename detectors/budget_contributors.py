"""Facts of the parts of each budget's scope -> who spends most of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detectors.budget import Budget
from detectors.facts import Float64, Int64, WindowFacts
from detectors.roster import Roster
from detectors.scope import Rollup, Scope, rollup_of

PARTS: dict[Rollup, Rollup] = {
    (): ("tenant",),
    ("tenant",): ("provider", "tenant"),
    ("provider",): ("provider", "tenant"),
    ("feature",): ("feature", "model"),
}
"""The roll-up whose scopes make up a scope; other scopes have no parts that are always there."""
MOST = 5


class BudgetContributors:
    """Spend of the parts, forgotten with a half-life; they explain a verdict and never make one."""

    def __init__(self, budgets: Sequence[Budget], *, half_life_ms: int) -> None:
        self._half_life_ms = half_life_ms
        self._scopes = [budget.scope for budget in budgets]
        self._spent: dict[Rollup, Float64] = {each: np.zeros(0) for each in self.rollups}
        self._members: dict[Scope, tuple[int, Int64]] = {}
        self._roster: dict[Rollup, Roster] = {}

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The roll-ups of all parts, sorted."""
        return tuple(sorted({PARTS[rollup_of(scope)] for scope in self._scopes if rollup_of(scope) in PARTS}))

    def book(self, facts: WindowFacts) -> None:
        """Book one window."""
        keep = 0.5 ** ((facts.end_ms - facts.start_ms) / self._half_life_ms)
        for rollup, spent in self._spent.items():
            own = facts.rollups[rollup]
            now = own.nanos.astype(np.float64)
            spent[own.reused[own.reused < len(spent)]] = 0
            now[: len(spent)] += keep * spent
            if len(own.reused):
                self._members = {}
            self._spent[rollup] = now
            self._roster[rollup] = own.roster

    def top(self, at: int) -> list[dict[str, Any]]:
        """The parts that spend most of a budget, given its number: their scope and share, the largest first."""
        scope = self._scopes[at]
        parts = PARTS.get(rollup_of(scope), ())
        if parts not in self._roster:
            return []
        roster, members = self._roster[parts], self._of(scope, parts)
        spent = self._spent[parts][members]
        total = spent.sum()
        largest = np.argsort(-spent, kind="stable")[: 4 * MOST]
        ranked = sorted((-float(spent[i]), roster.scopes[members[i]]) for i in largest if spent[i] > 0)
        return [{"scope": dict(part), "share": -nanos / float(total)} for nanos, part in ranked[:MOST]]

    def _of(self, scope: Scope, parts: Rollup) -> Int64:
        """Slots of the scope's parts; only the new ones are looked through."""
        roster = self._roster[parts]
        seen, members = self._members.get(scope, (0, np.zeros(0, np.int64)))
        if seen < len(roster):
            wanted = set(scope)
            new = [slot for slot in range(seen, len(roster)) if wanted <= set(roster.scopes[slot])]
            members = np.concatenate([members, np.array(new, np.int64)])
            self._members[scope] = (len(roster), members)
        return members

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"+".join(rollup): spent.copy() for rollup, spent in self._spent.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._members, self._roster = {}, {}
        for rollup in self._spent:
            self._spent[rollup] = np.array(state.get("+".join(rollup), ()), np.float64)
