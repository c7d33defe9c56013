"""Facts of a window -> scopes whose tokens or dollars spike: what `token_spike` and `cost_spike` share."""

from typing import Any, ClassVar

import msgspec
import numpy as np

from detectors.anomaly import Abnormal
from detectors.contributors import Contributors
from detectors.facts import WINDOW_MS, Float64, WindowFacts
from detectors.marks import Cells
from detectors.rows import Rows
from detectors.scope import Rollup, rollup_of
from detectors.spike import Seen, SpikeBank
from detectors.spike_report import Unit, report

SPIKE_ROLLUPS: tuple[Rollup, ...] = (("tenant",), ("feature",), ("service",), ("env", "team"), ("model",), ("provider",))
THROTTLED_SHARE = 0.05
"""Attempts of a window that may be throttled before it teaches nothing: a provider's own limits touch a few at any time."""


class SpikeDetector:
    """A bank of its units over the scopes of all roll-ups; a scope is abnormal by the unit that says so most strongly.

    While any unit of a scope is abnormal, or more than 5 % of its attempts are throttled, or a part of the telemetry is missing,
    the scope learns nothing.

    Args:
        rollups: whose scopes are judged.
    """

    name: ClassVar[str]
    needs_warm_up: ClassVar[bool] = True
    needs_money_floor: ClassVar[bool] = True
    units: ClassVar[tuple[Unit, ...]]

    def __init__(self, *, rollups: tuple[Rollup, ...] = SPIKE_ROLLUPS, window_ms: int = WINDOW_MS) -> None:
        self._rows = Rows(rollups)
        self._contributors = Contributors(rollups, window_ms=window_ms)
        self._bank = SpikeBank(units=len(self.units), window_ms=window_ms)

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The judged roll-ups and those that explain them."""
        return self._contributors.rollups

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The abnormal scopes of this window."""
        if self._rows.grow(facts):
            self._bank.grow(self._rows.capacity)
        self._bank.clear(self._rows.reused(facts))
        self._contributors.observe(facts)
        seen, attempts = self._seen(facts)
        self._bank.score(seen, facts.start_ms)
        found = self._found(facts)
        throttled = seen.throttled > THROTTLED_SHARE * attempts
        self._bank.learn(throttled, complete=facts.complete, start_ms=facts.start_ms)
        self._bank.rest()
        self._contributors.learn()
        return found

    def _seen(self, facts: WindowFacts) -> tuple[Seen, Float64]:
        """What the bank is to see, and the attempts, shape (rows,)."""
        names = [name for unit in self.units for name in unit.sums]
        sums = self._rows.gather(facts, [*names, "throttled", "attempts"]).astype(np.float64)
        ends = np.cumsum([len(unit.sums) for unit in self.units])[:-1]
        raw = np.array([each.sum(axis=0) for each in np.split(sums[:-2], ends)])
        cells = Cells.of([self._rows.histograms(facts, unit.histogram) for unit in self.units], self._rows.capacity)
        return Seen(cells, raw, sums[-2]), sums[-1]

    def _found(self, facts: WindowFacts) -> list[Abnormal]:
        rows = np.flatnonzero(self._bank.alarms.grade.any(axis=0))
        return [self._abnormal(facts, row) for row in rows.tolist()]

    def _abnormal(self, facts: WindowFacts, row: int) -> Abnormal:
        grades = self._bank.alarms.grade[:, row]
        sightings = [
            (unit, self._bank.sighting(number, row)) for number, unit in enumerate(self.units) if grades[number] == grades.max()
        ]
        unit, seen = max(sightings, key=lambda sighted: sighted[1].score)  # of equals the first
        rollup, slot = self._rows.place(row)
        of = facts.rollups[rollup]
        return report(of.roster.scopes[slot], seen, unit, facts, nanos=of.nanos_of(slot))

    def explain(self, facts: WindowFacts, abnormal: Abnormal) -> Abnormal:
        """Say who else rose with an abnormal scope of the window that was judged last."""
        if "contributors" in abnormal.evidence:
            return abnormal
        contributors = self._contributors.explain(facts, abnormal.scope, rollup_of(abnormal.scope))
        return msgspec.structs.replace(abnormal, evidence={**abnormal.evidence, "contributors": contributors})

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {
            "rows": self._rows.snapshot(),
            "contributors": self._contributors.snapshot(),
            "bank": self._bank.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._rows.restore(state["rows"])
        self._contributors.restore(state["contributors"])
        self._bank.restore(state["bank"])
