"""Judged windows -> what each scope cost, step by step, for the report; memory does not grow with the length of a run."""

from collections.abc import Mapping

import numpy as np

from actions.report.data import Series
from detectors.canonical import NANOS_PER_USD
from detectors.facts import Float64, WindowFacts
from detectors.scope import GLOBAL, Rollup, Scope, scope_text

MAX_STEPS = 4096
"""With more steps than this, two become one."""
SHOWN = 12
"""How many scopes besides the global one are shown: those that cost most."""
SHOWN_ROLLUPS: tuple[Rollup, ...] = ((), ("tenant",))


class _Steps:
    """Dollars of the scopes of one roll-up, an array over slots for each step."""

    def __init__(self) -> None:
        self.spent: list[Float64] = []
        self.expected: list[Float64] = []

    def add(self, step: int, spent: Float64, expected: Float64) -> None:
        """Add a window to a step, which is the last one or follows it."""
        while len(self.spent) <= step:
            self.spent.append(np.zeros(0))
            self.expected.append(np.zeros(0))
        self.spent[step] = _sum(self.spent[step], spent)
        self.expected[step] = _sum(self.expected[step], expected)

    def halve(self) -> None:
        """Make one step of two."""
        for name in ("spent", "expected"):
            steps: list[Float64] = getattr(self, name)
            pairs = zip(steps[::2], [*steps[1::2], np.zeros(0)][: len(steps[::2])], strict=True)
            setattr(self, name, [_sum(first, second) for first, second in pairs])


class Spend:
    """Cost against baseline of the global scope and of the tenants that cost most."""

    def __init__(self) -> None:
        self._steps = {rollup: _Steps() for rollup in SHOWN_ROLLUPS}
        self._scopes: dict[Rollup, list[Scope]] = {}
        self._start_ms: int | None = None
        self._step_ms = 0

    def take(self, facts: WindowFacts, expected: Mapping[Rollup, Float64]) -> None:
        """Add a window. `expected`: nano-dollars that were to be expected, by roll-up and slot; NaN where nothing is known."""
        if self._start_ms is None:
            self._start_ms, self._step_ms = facts.start_ms, facts.end_ms - facts.start_ms
        step = (facts.start_ms - self._start_ms) // self._step_ms
        while step >= MAX_STEPS:
            self._step_ms *= 2
            for each in self._steps.values():
                each.halve()
            step = (facts.start_ms - self._start_ms) // self._step_ms
        for rollup, steps in self._steps.items():
            rows = facts.rollups[rollup]
            self._scopes[rollup] = rows.roster.scopes
            steps.add(step, rows.nanos / NANOS_PER_USD, expected.get(rollup, np.zeros(0)) / NANOS_PER_USD)

    def series(self) -> tuple[Series, ...]:
        """The global series first, then the dearest scopes."""
        if self._start_ms is None:
            return ()
        return tuple(
            self._one(rollup, slot) for rollup, steps in self._steps.items() for slot in _dearest(steps, len(self._scopes[rollup]))
        )

    def _one(self, rollup: Rollup, slot: int) -> Series:
        steps = self._steps[rollup]
        scope = self._scopes[rollup][slot] if rollup else GLOBAL
        expected = [float(each[slot]) if slot < len(each) else float("nan") for each in steps.expected]
        return Series(
            name=scope_text(scope),
            start_ms=self._start_ms or 0,
            step_ms=self._step_ms,
            cost_usd=tuple(float(each[slot]) if slot < len(each) else 0.0 for each in steps.spent),
            baseline_usd=tuple(None if np.isnan(each) else each for each in expected),
        )


def _sum(first: Float64, second: Float64) -> Float64:
    """Element by element; the shorter one is padded with zeros."""
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total


def _dearest(steps: _Steps, scopes: int) -> list[int]:
    total = np.zeros(scopes)
    for each in steps.spent:
        total[: len(each)] += each
    return np.argsort(-total, kind="stable")[:SHOWN].tolist()
