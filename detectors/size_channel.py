"""Sizes of the requests of a window -> evidence that a request has become bigger, whatever their rate."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.columns import Bool, Columns
from detectors.facts import Float64, Int64

LAMBDAS = np.array([0.1, 0.2, 0.4, 0.7])
"""Shares of the stake that are bet on each request."""


@dataclass(slots=True)
class Evidence(Columns):
    """Log e-values, shape (bets, rows), and when they last left zero, epoch ms, shape (rows,)."""

    log_e: Float64
    since_ms: Int64


class SizeChannel:
    """A CUSUM of bets on the size per request (Waudby-Smith and Ramdas 2024), one row a scope.

    With x = min(size / mean, 24), a request multiplies the stake by `1 - l + l x / (1 + delta)`, whose mean is <= 1 for any law
    of sizes with mean <= (1 + delta) x the expected one. Bets l are mixed. The order of the requests of a window is not known, so a
    window is one step: the sum of its logs; evidence returns to zero between windows only, and a change inside a window is diluted
    by what came before it there. One window adds at most `step` nats. Evidence is kept below `most`, so that it falls soon after
    the end.
    """

    def __init__(self, *, delta: float, step: float, most: float) -> None:
        self.delta = delta
        self._step = step
        self._most = most
        self._state = Evidence(np.zeros((len(LAMBDAS), 0)), np.zeros(0, np.int64))

    def grow(self, rows: int) -> None:
        """Make room for `rows` rows."""
        self._state.grow(rows)

    def update(self, logs: Float64, start_ms: int) -> None:
        """Take a window: the logs of `Cells.size`, shape (bets, rows)."""
        log_e = self._state.log_e
        self._state.since_ms[log_e.max(axis=0) <= 0] = start_ms
        np.maximum(log_e, 0, out=log_e)
        log_e += np.minimum(logs, self._step)
        np.minimum(log_e, self._most, out=log_e)

    def statistic(self) -> Float64:
        """T = ln mean_l exp M, shape (rows,)."""
        top = np.maximum(self._state.log_e.max(axis=0), 0)
        return np.asarray(top + np.log(np.exp(self._state.log_e - top).mean(axis=0)))

    @property
    def since_ms(self) -> Int64:
        """Start of the window in which each row's evidence last left zero, shape (rows,)."""
        return self._state.since_ms

    def reset(self, rows: Bool) -> None:
        """Forget all evidence of some rows."""
        self._state.log_e[:, rows] = 0

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
