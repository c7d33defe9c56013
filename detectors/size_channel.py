"""Sizes of the requests of a window -> evidence that a request has become bigger, whatever their rate."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.columns import Bool, Columns, UInt32
from detectors.facts import Float64, Int64
from detectors.nats import Int16, add, mixture, nats

LAMBDAS = np.array([0.1, 0.2, 0.4, 0.7])
"""Shares of the stake that are bet on each request."""


@dataclass(slots=True)
class Evidence(Columns):
    """Log e-values as `nats` reads them, shape (bets, units, rows), and when they last left zero, epoch s, shape (units, rows)."""

    log_e: Int16
    since_s: UInt32


class SizeChannel:
    """A CUSUM of bets on the size per request (Waudby-Smith and Ramdas 2024), one row a scope.

    With x = min(size / mean, 24), a request multiplies the stake by `1 - l + l x / (1 + delta)`, whose mean is <= 1 for any law
    of sizes with mean <= (1 + delta) x the expected one. Bets l are mixed. The order of the requests of a window is not known, so a
    window is one step: the sum of its logs; evidence returns to zero between windows only, and a change inside a window is diluted
    by what came before it there. One window adds at most `step` nats. Evidence is kept below `most`, so that it falls soon after
    the end.
    """

    def __init__(self, *, delta: float, step: float, most: float, units: int = 1) -> None:
        self.delta = delta
        self._step = step
        self._most = most
        self._state = Evidence(np.zeros((len(LAMBDAS), units, 0), np.int16), np.zeros((units, 0), np.uint32))

    def grow(self, rows: int) -> None:
        """Make room for `rows` rows."""
        self._state.grow(rows)

    def clear(self, rows: Int64) -> None:
        """Make these rows as new."""
        self._state.clear(rows)

    def may_rise(self, ratios: Float64, requests: Float64) -> Bool:
        """Whose evidence can be above 0 after a window whose x have these sums: as in `Ecusum.may_rise`."""
        return np.asarray((ratios > (1 + self.delta) * requests) | (self._state.log_e.max(axis=0) > 0))

    def update(self, logs: Float64, start_ms: int) -> None:
        """Take a window: the logs of `Cells.size_bets`, shape (bets, units, rows); 0 where `may_rise` says no."""
        log_e = self._state.log_e
        self._state.since_s[log_e.max(axis=0) <= 0] = start_ms // 1000
        add(log_e, np.minimum(logs, self._step).astype(np.float32), self._most)

    def statistic(self, rows: Bool | tuple[int, int]) -> Float64:
        """T = ln mean_l exp M of the rows that a mask of shape (units, rows) names, in its order; a scalar for one (unit, row)."""
        return mixture(self._state.log_e, rows)

    def reaches(self, threshold: float) -> Bool:
        """Whose T is at a threshold, shape (units, rows)."""
        found = nats(self._state.log_e.max(axis=0)) >= threshold
        if found.any():
            found[found] = self.statistic(found) >= threshold
        return np.asarray(found)

    @property
    def since_ms(self) -> Int64:
        """Start of the window in which each row's evidence last left zero, shape (units, rows)."""
        return self._state.since_s * np.int64(1000)

    def reset(self, rows: Bool) -> None:
        """Forget all evidence of some rows."""
        self._state.log_e[:, rows] = 0

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
