"""Marks of a window and the load that was expected -> evidence that the rate has risen."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.columns import Bool, Columns, Float32, Floats, UInt32
from detectors.facts import Float64, Int64
from detectors.nats import Int16, add, mixture, nats

RHOS = np.array([2.0, 4.0, 8.0])
"""Rises that are bet on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """One e-CUSUM of a bank.

    Attributes:
        delta: growth that is not worth an anomaly: the null says "rate <= (1 + delta) x expected".
        threshold: nats of evidence that make an alarm.
        step: nats that one window may add at most.
        dated: whether anybody asks when its evidence began.
    """

    name: str
    delta: float
    threshold: float
    step: float
    dated: bool = True


@dataclass(slots=True)
class Evidence(Columns):
    """What is known of each row.

    Attributes:
        log_e: log e-values, as `nats` reads them, shape (speeds, bets, units, rows).
        since_s: when each dated speed last left zero, epoch s, shape (dated speeds, units, rows).
    """

    log_e: Int16
    since_s: UInt32


class Ecusum:
    """A bank of e-CUSUMs over marked point processes (Shin, Ramdas and Rinaldo 2022), one row a scope.

    A window with marks s_i in [0, 1] and expected sum mu gives, for each bet rho,
    `log e = sum_i ln(1 + (rho - 1) s_i) - (rho - 1)(1 + delta) mu`, of mean <= 1 for any point process of rate <= (1 + delta) mu
    whatever the law of its marks; `M <- max(0, M) + min(log e, step)`; `T = ln mean_rho exp M`. An alarm at T >= threshold comes
    less than once in exp(threshold) windows unless the rate really exceeds (1 + delta) times what was expected.
    M is kept below threshold + 1, so that it falls soon after the end.
    """

    def __init__(self, speeds: tuple[Speed, ...], *, units: int = 1) -> None:
        self.speeds = speeds
        self._dated = [number for number, speed in enumerate(speeds) if speed.dated]
        log_e = np.zeros((len(speeds), len(RHOS), units, 0), np.int16)
        self._state = Evidence(log_e, np.zeros((len(self._dated), units, 0), np.uint32))
        self._null = np.array([[(rho - 1) * (1 + speed.delta) for rho in RHOS] for speed in speeds], np.float32)[:, :, None, None]

    def grow(self, rows: int) -> None:
        """Make room for `rows` rows."""
        self._state.grow(rows)

    def clear(self, rows: Int64) -> None:
        """Make these rows as new."""
        self._state.clear(rows)

    def may_rise(self, marks: Floats, expected: Floats) -> Bool:
        """Whose evidence can be above 0 after a window: logs that are left out for all others would only take it further below.

        From ln(1 + x) <= x: where the sum of marks is within what the null allows, log e <= 0 for every bet.
        """
        least = 1 + min(speed.delta for speed in self.speeds)
        return np.asarray((marks > least * expected) | (self._state.log_e.max(axis=(0, 1)) > 0))

    def update(self, logs: Floats, expected: Floats, start_ms: int) -> None:
        """Take a window.

        Args:
            logs: `sum_i ln(1 + (rho - 1) s_i)` of each bet rho, shape (bets, units, rows); 0 where `may_rise` says no.
            expected: the expected sum of marks, shape (units, rows).
            start_ms: of the window.
        """
        for since_s, dated in zip(self._state.since_s, self._dated, strict=True):
            since_s[self._state.log_e[dated].max(axis=0) <= 0] = start_ms // 1000
        logs, expected = logs.astype(np.float32), expected.astype(np.float32)
        for log_e, null, speed in zip(self._state.log_e, self._null, self.speeds, strict=True):
            add(log_e, np.minimum(logs - null * expected, speed.step), speed.threshold + 1)

    @property
    def top(self) -> Float32:
        """The largest log e-value of every speed, shape (speeds, units, rows): at least T, at most T + ln 3."""
        return nats(self._state.log_e.max(axis=1))

    def top_of(self, speed: int) -> Float32:
        """The same of one speed, shape (units, rows)."""
        return nats(self._state.log_e[speed].max(axis=0))

    def statistic(self, speed: int, rows: Bool | tuple[int, int]) -> Float64:
        """T of the rows that a mask of shape (units, rows) names, in its order; a scalar for one (unit, row)."""
        return mixture(self._state.log_e[speed], rows)

    def reaches(self, speed: int, threshold: float) -> Bool:
        """Whose T is at a threshold, shape (units, rows)."""
        found = self.top_of(speed) >= threshold
        if found.any():
            found[found] = self.statistic(speed, found) >= threshold
        return np.asarray(found)

    def since_ms(self, speed: int) -> Int64:
        """Start of the window in which each row's evidence of a dated speed last left zero, shape (units, rows)."""
        return np.asarray(self._state.since_s[self._dated.index(speed)] * np.int64(1000))

    def reset(self, rows: Bool) -> None:
        """Forget all evidence of some rows."""
        self._state.log_e[:, :, rows] = 0

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
