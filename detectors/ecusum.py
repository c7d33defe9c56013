"""Marks of a window and the load that was expected -> evidence that the rate has risen."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.columns import Bool, Columns
from detectors.facts import Float64, Int64

RHOS = np.array([2.0, 4.0, 8.0])
"""Rises that are bet on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """One e-CUSUM of a bank.

    Attributes:
        delta: growth that is not worth an anomaly: the null says "rate <= (1 + delta) x expected".
        threshold: nats of evidence that make an alarm.
        step: nats that one window may add at most.
    """

    name: str
    delta: float
    threshold: float
    step: float


@dataclass(slots=True)
class Evidence(Columns):
    """Log e-values, shape (speeds, bets, units, rows), and when each speed last left zero, epoch ms, (speeds, units, rows)."""

    log_e: Float64
    since_ms: Int64


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
        self._state = Evidence(np.zeros((len(speeds), len(RHOS), units, 0)), np.zeros((len(speeds), units, 0), np.int64))
        self._top = np.zeros((len(speeds), units, 0))
        self._null = np.array([[(rho - 1) * (1 + speed.delta) for rho in RHOS] for speed in speeds])[:, :, None, None]
        self._step = np.array([speed.step for speed in speeds])[:, None, None, None]
        self._most = np.array([speed.threshold + 1 for speed in speeds])[:, None, None, None]

    def grow(self, rows: int) -> None:
        """Make room for `rows` rows."""
        self._state.grow(rows)
        self._top = self._state.log_e.max(axis=1)

    def clear(self, rows: Int64) -> None:
        """Make these rows as new."""
        self._state.clear(rows)
        self._top[..., rows] = 0

    def update(self, logs: Float64, expected: Float64, start_ms: int) -> None:
        """Take a window.

        Args:
            logs: `sum_i ln(1 + (rho - 1) s_i)` of each bet rho, shape (bets, units, rows).
            expected: the expected sum of marks, shape (units, rows).
            start_ms: of the window.
        """
        log_e = self._state.log_e
        self._state.since_ms[self._top <= 0] = start_ms
        np.maximum(log_e, 0, out=log_e)
        log_e += np.minimum(logs - self._null * expected, self._step)
        np.minimum(log_e, self._most, out=log_e)
        self._top = log_e.max(axis=1)

    @property
    def top(self) -> Float64:
        """The largest log e-value, shape (speeds, units, rows): at least T, at most T + ln 3."""
        return self._top

    def statistic(self, speed: int, rows: Bool) -> Float64:
        """T of the rows that a mask of shape (units, rows) names, in its order."""
        of = np.maximum(self._state.log_e[speed][:, rows], 0)
        top = of.max(axis=0)
        return np.asarray(top + np.log(np.exp(of - top).mean(axis=0)))

    def reaches(self, speed: int, threshold: float) -> Bool:
        """Whose T is at a threshold, shape (units, rows)."""
        found = self._top[speed] >= threshold
        if found.any():
            found[found] = self.statistic(speed, found) >= threshold
        return np.asarray(found)

    def since_ms(self, speed: int) -> Int64:
        """Start of the window in which each row's evidence last left zero, shape (units, rows)."""
        return np.asarray(self._state.since_ms[speed])

    def reset(self, rows: Bool) -> None:
        """Forget all evidence of some rows."""
        self._state.log_e[:, :, rows] = 0
        self._top[:, rows] = 0

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
        self._top = self._state.log_e.max(axis=1)
