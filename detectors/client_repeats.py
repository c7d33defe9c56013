"""Retries and errors -> retries of what can never succeed (400, 401, 404, ...), which are always a bug."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.columns import Columns, Float32
from detectors.facts import Bool, Float64, RollupFacts

ENOUGH = 20
"""Repeats that make a bug (detection.md b.4)."""
SHARE_OF_RETRIES = 0.2
"""Fewer repeats than this share of all retries may be retries whose failure is nearly forgotten."""
HALF_LIFE_MS = 1_800_000
RETRYABLE = ("timeouts", "overloaded", "server_errors", "other_errors", "throttled", "cancelled")


@dataclass(slots=True)
class _State(Columns):
    sums: Float32 = field(default_factory=lambda: np.zeros((3, 0), np.float32))


class ClientRepeats:
    """A lower bound: every retry follows a failure, so retries beyond the retryable failures follow client errors.

    Sums are forgotten with a half-life of 30 min.
    """

    def __init__(self) -> None:
        self._state = _State()

    def take(self, facts: RollupFacts, span_ms: int) -> None:
        """Book one window of all rows."""
        rows = len(facts.roster)
        self._state.grow(rows)
        self._state.clear(facts.reused)
        retryable = sum((facts.column(name) for name in RETRYABLE), np.zeros(rows, np.int64))
        sums = self._state.sums[:, :rows]
        sums *= 0.5 ** (span_ms / HALF_LIFE_MS)
        sums += np.stack([facts.column("retries"), retryable, facts.column("client_errors")])

    def repeats(self, rows: int) -> Float64:
        """Retries of client errors that have not been forgotten, shape (rows,)."""
        retries, retryable, client = self._state.sums[:, :rows]
        return np.asarray(np.maximum(0.0, np.minimum(retries - retryable, client)))

    def found(self, facts: RollupFacts) -> Bool:
        """Rows where such a retry was made in this window too, and there have been enough of them, shape (rows,)."""
        repeats = self.repeats(len(facts.roster))
        now = (facts.column("retries") > 0) & (facts.column("client_errors") > 0)
        return np.asarray(now & (repeats >= ENOUGH) & (repeats >= SHARE_OF_RETRIES * self._state.sums[0, : len(repeats)]))

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
