"""Retries against operations, window after window -> how sure it is that the retry budget is overspent."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.columns import Columns, Float32, UInt32
from detectors.facts import Bool, Float64, Int64
from detectors.nats import Int16, add, nats

RHOS = np.array([4.0, 16.0])
"""Growth of the retry rate that the evidence is looking for; a mixture of both."""
ALARM_NATS = 19.4
"""ln(2.6e8): at most one false alarm in 1,000 scopes and 30 days of 10 s windows."""
CEILING_NATS = 2 * ALARM_NATS
"""Evidence is not hoarded: a long storm must not outlive its end by hours."""
FLOOR_PER_S = 0.02
"""Retries a second that nobody minds, whatever the number of operations."""
RESERVE_S = 10.0
"""The bucket holds the operations of so many seconds, and as many again as single retries."""
MEMORY = 3
"""Windows whose operations may still be retried: a burst that ends leaves its retries to the windows after it."""
RATE_HALF_LIFE_MS = 300_000


@dataclass(slots=True)
class _State(Columns):
    """Operations of the windows before, a second, tokens spent, and log e-values as `nats` reads them."""

    operations: UInt32 = field(default_factory=lambda: np.zeros((MEMORY - 1, 0), np.uint32))
    per_s: Float32 = field(default_factory=lambda: np.zeros(0, np.float32))
    spent: Float32 = field(default_factory=lambda: np.zeros(0, np.float32))
    log_e: Int16 = field(default_factory=lambda: np.zeros((len(RHOS), 0), np.int16))


class RetryBudget:
    """Two opinions on whether retries exceed `share` of the operations; both must agree.

    *Token bucket* (gRPC A6, Finagle RetryBudget): every operation earns `share` of a token, every retry takes one; it is empty when
    more was taken than earned and saved. Kept as tokens spent, 0 for a full bucket.

    *e-CUSUM* (Shin, Ramdas, Rinaldo 2022) of the retries as a point process whose compensator is at most
    L = share * operations + floor: `log e = retries * ln(rho) - (rho - 1) * L`, `M = max(0, M) + log e`, evidence
    `T = ln mean exp(M)` over rho. Expected windows between false alarms: at least exp(T). The operations of a window are the most
    of the last three, since retries come later than what they repeat.
    """

    def __init__(self, *, share: float) -> None:
        self._share = share
        self._state = _State()

    def take(self, operations: Int64, retries: Int64, span_ms: int) -> None:
        """Book one window of all rows, shapes (rows,)."""
        rows, seconds = len(operations), span_ms / 1000
        self._state.grow(rows)
        recent, per_s, spent, log_e = (getattr(self._state, each)[..., :rows] for each in ("operations", "per_s", "spent", "log_e"))
        most = np.maximum(operations, recent.max(axis=0))
        recent[:-1], recent[-1] = recent[1:], operations
        per_s += (1 - 0.5 ** (span_ms / RATE_HALF_LIFE_MS)) * (operations / seconds - per_s)
        room = RESERVE_S * (1 + per_s)
        spent[:] = np.clip(spent + retries - self._share * operations, 0, 2 * room)
        compensator = self._share * most + FLOOR_PER_S * seconds
        gain = np.log(RHOS)[:, None] * retries - (RHOS - 1)[:, None] * compensator
        add(log_e, gain, CEILING_NATS)

    def restart(self, rows: Int64) -> None:
        """Make these rows as new, those that have been booked at all."""
        self._state.clear(rows)

    def evidence(self, rows: int) -> Float64:
        """Nats of evidence that the budget is overspent, shape (rows,)."""
        log_e = nats(np.maximum(self._state.log_e[:, :rows], 0)).astype(np.float64)
        top = log_e.max(axis=0)
        return np.asarray(top + np.log(np.exp(log_e - top).mean(axis=0)))

    def running(self, rows: int) -> Bool:
        """Rows with any evidence at all: an overspending may have begun, shape (rows,)."""
        return np.asarray(self._state.log_e[:, :rows].max(axis=0) > 0)

    def overspent(self, rows: int) -> Bool:
        """Rows where both opinions agree, shape (rows,)."""
        empty = self._state.spent[:rows] >= RESERVE_S * (1 + self._state.per_s[:rows])
        return np.asarray(empty & (self.evidence(rows) >= ALARM_NATS))

    def clear(self, rows: Bool) -> None:
        """Forget the evidence of the marked rows: their retries are normal again."""
        self._state.log_e[:, : len(rows)][:, rows] = 0
        self._state.spent[: len(rows)][rows] = 0

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
