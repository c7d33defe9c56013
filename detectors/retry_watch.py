"""Facts of one roll-up -> the scopes that storm in this window, with their sums; one storm lasts from window to window."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.client_repeats import ClientRepeats
from detectors.columns import Columns
from detectors.facts import Bool, Float64, Int64, RollupFacts
from detectors.retry_budget import RetryBudget
from detectors.retry_fault import FAILING_RATIO
from detectors.retry_trail import FEW, INDEX, RetryTrail, Trail, amplification


@dataclass(frozen=True, slots=True)
class Storms:
    """One roll-up in one window; arrays of shape (rows,), `sums` of shape (3, names, rows) as in RetryTrail.

    Attributes:
        storm: rows whose retries overspend the budget, now or still.
        bug: rows that retry client errors.
        ratio, horizon: attempts an operation, and which of the three horizons says so.
        since_ms: start of the window in which the retries began to rise.
        nats: evidence; a false alarm is as likely as exp(-nats).
        repeats: retries of client errors.
    """

    facts: RollupFacts
    storm: Bool
    bug: Bool
    ratio: Float64
    horizon: Int64
    sums: Int64
    since_ms: Int64
    nats: Float64
    repeats: Float64


@dataclass(slots=True)
class _Open(Columns):
    storm: Bool = field(default_factory=lambda: np.zeros(0, np.bool_))


class RetryWatch:
    """A storm begins when the retries that were let through overspend the budget, and lasts until what is let through is normal.

    Throttled attempts never begin a storm, since it is mostly Tidegate that throttles. They keep one open only while the attempts
    that are let through still fail: then the cause is not gone.
    """

    def __init__(self, *, budget_ratio: float, warning_ratio: float, min_attempts: int) -> None:
        self._warning_ratio = warning_ratio
        self._calm_ratio = 1 + budget_ratio
        self._min_attempts = min_attempts
        self._budget = RetryBudget(share=budget_ratio)
        self._trail = RetryTrail()
        self._bugs = ClientRepeats()
        self._open = _Open()

    def take(self, facts: RollupFacts, *, start_ms: int, span_ms: int, throttling: Bool) -> Storms:
        """Book one window; `throttling` marks rows that throttle by themselves, whose throttled attempts count as failures."""
        rows = len(facts.roster)
        self._open.grow(rows)
        self._open.clear(facts.reused)
        self._budget.restart(facts.reused)
        storm = self._open.storm[:rows]
        trail = self._trail.take(facts, start_ms)
        self._bugs.take(facts, span_ms)
        retries = facts.column("retries")
        counted = np.where(storm | throttling, retries, np.maximum(0, retries - facts.column("throttled")))
        self._budget.take(facts.column("operations"), counted, span_ms)
        sums = trail.sums
        ratio, horizon = self._largest(sums, throttling)
        rises, lasts = self._now(sums, throttling)
        begins = self._budget.overspent(rows) & (ratio >= self._warning_ratio) & rises
        storm[:] = begins | (storm & lasts & self._budget.running(rows))
        seen = Storms(
            facts=facts,
            storm=storm & (facts.column("attempts") > 0),
            bug=self._bugs.found(facts),
            ratio=ratio,
            horizon=horizon,
            sums=sums,
            since_ms=trail.since_ms,
            nats=self._budget.evidence(rows),
            repeats=self._bugs.repeats(rows),
        )
        self._forget(trail, storm)
        return seen

    def _largest(self, sums: Int64, throttling: Bool) -> tuple[Float64, Int64]:
        counted = sums
        if throttling.any():
            counted = sums.copy()
            counted[:, INDEX["throttled"], throttling] = 0
        ratio = amplification(counted)
        ratio[counted[:, INDEX["attempts"]] - counted[:, INDEX["throttled"]] < self._min_attempts] = 1.0
        return ratio.max(axis=0), ratio.argmax(axis=0)

    def _now(self, sums: Int64, throttling: Bool) -> tuple[Bool, Bool]:
        """Of the last two windows: whether too many attempts were let through, and whether an open storm lasts.

        It lasts, too, with too many attempts in all while those let through still fail, and when there were none at all.
        """
        attempts, operations, throttled = (sums[1, INDEX[name]] for name in ("attempts", "operations", "throttled"))
        served = attempts - throttled
        enough = self._warning_ratio * np.maximum(operations, 1)
        rises = np.where(throttling, attempts, served) >= enough
        failing = (attempts >= enough) & (served - sums[1, INDEX["successes"]] >= FAILING_RATIO * served)
        return rises, rises | failing | (attempts == 0)

    def _forget(self, trail: Trail, storm: Bool) -> None:
        """Rows whose retries are within the budget start anew, and so do rows without evidence."""
        attempts, operations, throttled = (trail.sums[1, INDEX[name]] for name in ("attempts", "operations", "throttled"))
        calm = (operations >= FEW) & (attempts - throttled < self._calm_ratio * operations)
        self._budget.clear(~storm & calm)
        self._trail.keep(trail, np.flatnonzero(storm | self._budget.running(len(storm))))

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {
            "budget": self._budget.snapshot(),
            "trail": self._trail.snapshot(),
            "bugs": self._bugs.snapshot(),
            "open": self._open.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._budget.restore(state["budget"])
        self._trail.restore(state["trail"])
        self._bugs.restore(state["bugs"])
        self._open.restore(state["open"])
