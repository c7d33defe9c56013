"""Facts of a window -> scopes whose tokens or dollars spike: what `token_spike` and `cost_spike` share."""

from typing import Any, ClassVar

import numpy as np

from detectors.anomaly import Abnormal
from detectors.columns import Bool
from detectors.contributors import Contributors
from detectors.facts import WINDOW_MS, Float64, WindowFacts
from detectors.marks import Cells
from detectors.rows import Rows
from detectors.scope import Rollup
from detectors.spike import Seen, SpikeBank
from detectors.spike_report import Unit, report

SPIKE_ROLLUPS: tuple[Rollup, ...] = (("tenant",), ("feature",), ("service",), ("env", "team"), ("model",), ("provider",))
THROTTLED_SHARE = 0.05
"""Attempts of a window that may be throttled before it teaches nothing: a provider's own limits touch a few at any time."""


class SpikeDetector:
    """One bank for each unit over the scopes of all roll-ups; a scope is abnormal by the unit that says so most strongly.

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
        self._banks = tuple(SpikeBank(window_ms=window_ms) for _ in self.units)
        self._window_ms = window_ms

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The judged roll-ups and those that explain them."""
        return self._contributors.rollups

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The abnormal scopes of this window."""
        if self._rows.grow(facts):
            for bank in self._banks:
                bank.grow(self._rows.capacity)
        self._contributors.observe(facts)
        throttled = self._rows.gather(facts, lambda each: each.column("throttled"))
        for unit, bank in zip(self.units, self._banks, strict=True):
            bank.score(self._seen(facts, unit, throttled.astype(np.float64)), facts.start_ms)
        found = self._found(facts)
        attempts = self._rows.gather(facts, lambda each: each.column("attempts"))
        learns = (throttled <= THROTTLED_SHARE * attempts) & ~self._alarming() & facts.complete
        for bank in self._banks:
            bank.learn(learns, facts.start_ms)
        self._contributors.learn()
        return found

    def _seen(self, facts: WindowFacts, unit: Unit, throttled: Float64) -> Seen:
        cells = Cells.of(self._rows.histogram(facts, unit.histogram), self._rows.capacity)
        return Seen(cells, self._rows.gather(facts, unit.value).astype(np.float64), throttled)

    def _alarming(self) -> Bool:
        return np.asarray(np.any([bank.alarms.grade > 0 for bank in self._banks], axis=0))

    def _found(self, facts: WindowFacts) -> list[Abnormal]:
        return [self._abnormal(facts, row) for row in np.flatnonzero(self._alarming()).tolist()]

    def _abnormal(self, facts: WindowFacts, row: int) -> Abnormal:
        sightings = [bank.sighting(row) for bank in self._banks]
        best = max(range(len(sightings)), key=lambda each: (sightings[each].grade, sightings[each].score, -each))
        scope, rollup = self._rows.scope(facts, row), self._rows.rollup(row)
        return report(
            scope,
            sightings[best],
            self.units[best],
            facts,
            nanos=int(facts.rollups[rollup].nanos[self._rows.slot(row)]),
            contributors=self._contributors.explain(facts, scope, rollup),
        )

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {
            "rows": self._rows.snapshot(),
            "contributors": self._contributors.snapshot(),
            "banks": [bank.snapshot() for bank in self._banks],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._rows.restore(state["rows"])
        self._contributors.restore(state["contributors"])
        for bank, of in zip(self._banks, state["banks"], strict=True):
            bank.restore(of)
