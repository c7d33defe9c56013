"""Judgements, decisions and receipts -> the metrics of stages 2 and 3."""

from decimal import Decimal

from actions.decision import Action, Decision
from actions.quotas import Quota
from actions.receipt import Outcome, Receipt
from detectors.anomaly import Judgement
from detectors.canonical import parse_time
from streams.metrics import (
    ANOMALIES,
    BUDGET_SPENT,
    DECISIONS,
    DETECTION_DELAY,
    PAGE_DELAY,
    RECEIPTS,
    THROTTLE_LEVEL,
    Metrics,
)
from streams.now import Now

HISTORY_MS = 3_600_000
"""What ended longer ago is worked off from history; its delay says nothing about the service."""


class DetectMetrics:
    """What stage 2 counts."""

    def __init__(self, metrics: Metrics, now: Now) -> None:
        self._metrics = metrics
        self._now = now

    def judged(self, judgement: Judgement) -> None:
        """A window was judged, and what was found is written."""
        delay_ms = self._now.ms - parse_time(judgement.window_end)
        for anomaly in judgement.anomalies:
            self._metrics.add(ANOMALIES, 1, anomaly.detector, anomaly.severity.value)
            if 0 <= delay_ms < HISTORY_MS:
                self._metrics.observe(DETECTION_DELAY, delay_ms / 1000)
        for budget in judgement.budgets:
            if Decimal(budget.amount_usd):
                self._metrics.set(BUDGET_SPENT, float(Decimal(budget.spent_usd) / Decimal(budget.amount_usd)), budget.budget)


class ActMetrics:
    """What stage 3 counts."""

    def __init__(self, metrics: Metrics, now: Now) -> None:
        self._metrics = metrics
        self._now = now

    def decided(self, decision: Decision) -> None:
        """A decision was taken."""
        self._metrics.add(DECISIONS, 1, decision.action.value)

    def received(self, decision: Decision, receipt: Receipt) -> None:
        """A decision has a receipt."""
        self._metrics.add(RECEIPTS, 1, decision.action.value, receipt.outcome.value)
        delay_ms = self._now.ms - parse_time(decision.ts)
        if decision.action is Action.PAGE and receipt.outcome is Outcome.DONE and 0 <= delay_ms < HISTORY_MS:
            self._metrics.observe(PAGE_DELAY, delay_ms / 1000)

    def throttles(self, standing: list[Quota]) -> None:
        """These throttles stand, and no other."""
        self._metrics.keep(THROTTLE_LEVEL, [(quota.scope,) for quota in standing])
        for quota in standing:
            self._metrics.set(THROTTLE_LEVEL, quota.level, quota.scope)
