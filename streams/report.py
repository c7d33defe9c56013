"""Judged windows of a run -> what its report shows."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from actions.incident import Incident
from actions.report import CostTable, ReportData, Series
from detectors.anomaly import BudgetState
from detectors.facts import COLUMN, LateFacts
from detectors.roster import Roster
from detectors.scope import GLOBAL, Rollup, Scope, rollup_of, scope_of, scope_text
from streams.outputs import Outputs
from streams.pipeline import Judged

DEAREST = 3
"""Scopes of each roll-up that are drawn in any case."""
MOST = 24
"""Series of a report."""


class Reported:
    """Gathers what every window cost, scope by scope, and the state of budgets.

    Args:
        rollups: whose scopes can be drawn.
        window_ms: length of a window.
    """

    def __init__(self, rollups: Iterable[Rollup], *, window_ms: int) -> None:
        self._tables = {rollup: CostTable(window_ms=window_ms) for rollup in rollups if len(rollup) <= 2}
        self._rosters: dict[Rollup, Roster] = {}
        self._budgets: dict[tuple[str, str], BudgetState] = {}

    def take(self, judged: Judged) -> None:
        """Take one judged window; late facts are drawn in the window that they belong to."""
        for rollup, table in self._tables.items():
            facts = judged.facts.rollups.get(rollup)
            if facts is not None:
                self._rosters[rollup] = facts.roster
                table.add(judged.facts.start_ms, facts.nanos)
        for late in judged.facts.late:
            self._take_late(late)
        for state in judged.judgement.budgets:
            self._budgets[state.period_start, state.budget] = state

    def data(self, *, title: str, summary: Mapping[str, Any], outputs: Outputs, policy_version: str) -> ReportData:
        """The report of all windows that were taken."""
        incidents = outputs.sorted_incidents()
        return ReportData(
            title=title,
            summary=summary,
            series=tuple(self._series(incidents)),
            incidents=tuple(incidents),
            anomalies=tuple(outputs.sorted_anomalies()),
            decisions=tuple(outputs.sorted_decisions()),
            budgets=tuple(state for _, state in sorted(self._budgets.items())),
            policy_version=policy_version,
        )

    def _take_late(self, late: LateFacts) -> None:
        rollup = rollup_of(late.scope)
        slot = self._slot(late.scope)
        if slot is not None:
            row = np.zeros(slot + 1, np.int64)
            row[slot] = late.sums[COLUMN["known_nanos"]] + late.sums[COLUMN["assumed_nanos"]]
            self._tables[rollup].add(late.window_start_ms, row)

    def _slot(self, scope: Scope) -> int | None:
        roster = self._rosters.get(rollup_of(scope))
        return None if roster is None else roster.slot(tuple(value for _, value in scope))

    def _series(self, incidents: list[Incident]) -> Iterator[Series]:
        """Everything, then what incidents are about, then what costs most."""
        gravest = sorted(incidents, key=lambda each: (-each.severity.rank, each.opened, each.id))
        dearest = (roster.scopes[row] for rollup, roster in self._rosters.items() for row in self._tables[rollup].dearest(DEAREST))
        scopes = dict.fromkeys([GLOBAL, *(scope_of(each.scope) for each in gravest), *dearest])
        known = [(scope, slot) for scope in scopes if (slot := self._slot(scope)) is not None]
        for scope, slot in known[:MOST]:
            yield self._tables[rollup_of(scope)].series(slot, scope_text(scope))
