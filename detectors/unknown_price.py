"""Facts of models -> models that no price is known for, in the first window that has a record of them."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from detectors.anomaly import Abnormal, Severity
from detectors.canonical import time_text, usd_text
from detectors.columns import Columns
from detectors.facts import Int64, WindowFacts
from detectors.scope import Rollup

MODEL = ("model",)
FORGET_MS = 600_000
"""A model that was not seen for so long begins anew."""


@dataclass(slots=True)
class _State(Columns):
    records: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    nanos: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    since_ms: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    last_ms: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))


class UnknownPrice:
    """No statistics: one record of a model without a price is enough. It is a ticket, since the price has to be put in by a person.

    The money is assumed at the policy's upper bound, and spent anyway: the excess is zero.
    """

    name: ClassVar[str] = "unknown_price"
    needs_warm_up: ClassVar[bool] = False
    needs_money_floor: ClassVar[bool] = False

    def __init__(self) -> None:
        self._state = _State()

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """Models."""
        return (MODEL,)

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The models with records of unknown price in this window."""
        seen = facts.rollups[MODEL]
        self._state.grow(len(seen.roster))
        self._state.clear(seen.reused)
        unknown = seen.column("unknown_price")
        rows = np.flatnonzero(unknown)
        state = self._state
        fresh = rows[(state.records[rows] == 0) | (facts.start_ms - state.last_ms[rows] >= FORGET_MS)]
        state.records[fresh] = state.nanos[fresh] = 0
        state.since_ms[fresh] = facts.start_ms
        state.records[rows] += unknown[rows]
        state.nanos[rows] += seen.column("assumed_nanos")[rows]
        state.last_ms[rows] = facts.end_ms
        return [self._abnormal(seen.roster.scopes[row][0][1], int(unknown[row]), int(row)) for row in rows]

    def _abnormal(self, model: str, records: int, row: int) -> Abnormal:
        assumed_usd, since_ms = usd_text(int(self._state.nanos[row])), int(self._state.since_ms[row])
        return Abnormal(
            scope=(("model", model),),
            severity=Severity.WARNING,
            since_ms=since_ms,
            observed=float(records),
            expected=0.0,
            unit="records",
            score=1.0,
            reason=f"no price is known for model {model}: ${assumed_usd} are assumed so far, at the upper bound of the policy",
            excess_nanos=0,
            evidence={"records": int(self._state.records[row]), "assumed_usd": assumed_usd, "since": time_text(since_ms)},
        )

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
