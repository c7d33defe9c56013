"""Facts of a window -> scopes that cost far more than they should."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from detectors.anomaly import Abnormal, Severity
from detectors.canonical import NANOS_PER_USD
from detectors.facts import Float64, WindowFacts
from detectors.scope import Rollup
from detectors.spike_detector import SpikeDetector
from detectors.spike_report import COST, Reason, Unit
from detectors.spike_rules import READY_WINDOWS

YOUNG_MS = 3_600_000
JUDGED_MS = 300_000
GROUP = 30
GROUP_SHARE = 0.999


class CostSpike(SpikeDetector):
    """One bank on nano-dollars: it sees dearer requests (another model, a lost cache) as well as more of them.

    A scope that appears is not abnormal by appearing. But from its fifth minute to the end of its first hour it is a warning when
    it spends more than 99.9 % of the scopes of its roll-up that are older, if there are at least 30 of them.
    """

    name: ClassVar[str] = "cost_spike"
    units: ClassVar[tuple[Unit, ...]] = (COST,)

    def expected_nanos(self) -> dict[Rollup, Float64]:
        """Nano-dollars that a window of each scope is to cost, by roll-up and slot; NaN where too little was learnt."""
        levels = self._bank.baseline.levels
        known = np.where(levels.windows[0] >= READY_WINDOWS, levels.raw[0], np.nan)
        return {rollup: known[self._rows.of(rollup)] for rollup in self._rows.rollups}

    def _found(self, facts: WindowFacts) -> list[Abnormal]:
        return [*super()._found(facts), *(each for rollup in self._rows.rollups for each in self._newcomers(facts, rollup))]

    def _newcomers(self, facts: WindowFacts, rollup: Rollup) -> Iterator[Abnormal]:
        of = facts.rollups[rollup]
        if len(of.sums) <= GROUP:
            return
        age_ms = of.roster.age_ms(facts.end_ms)
        young = (age_ms >= JUDGED_MS) & (age_ms < YOUNG_MS)
        if not young.any():
            return
        rows = self._rows.of(rollup)
        level, calm = self._bank.baseline.levels.raw[0, rows], self._bank.alarms.grade[0, rows] == 0
        old = level[age_ms >= YOUNG_MS]
        if len(old) < GROUP:
            return
        bound = float(np.quantile(old, GROUP_SHARE))
        for slot in np.flatnonzero(young & calm & (level > bound)).tolist():
            yield self._newcomer(facts, int(rows[slot]), float(level[slot]), bound)

    def _newcomer(self, facts: WindowFacts, row: int, level: float, bound: float) -> Abnormal:
        per_min = 60_000 / (facts.end_ms - facts.start_ms) / NANOS_PER_USD
        rollup, slot = self._rows.place(row)
        of = facts.rollups[rollup]
        return Abnormal(
            scope=of.roster.scopes[slot],
            severity=Severity.WARNING,
            since_ms=facts.end_ms - int(of.roster.age_ms(facts.end_ms)[slot]),
            observed=level * per_min,
            expected=bound * per_min,
            unit="usd/min",
            score=GROUP_SHARE,
            reason=Reason.NEWCOMER,
            excess_nanos=max(0, round(of.nanos_of(slot) - bound)),
            evidence={"channel": "cost_nanos_level", "factor": level / max(bound, 1.0), "contributors": []},
        )
