"""What a report is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actions.decision import Decision
from actions.incident import Incident
from detectors.anomaly import Anomaly, BudgetState


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What one scope cost, step by step.

    Attributes:
        name: scope text; `global` for everything.
        start_ms: start of the first step, epoch milliseconds.
        step_ms: length of a step.
        cost_usd: dollars of each step, known and assumed ones; a step without traffic is 0.
        baseline_usd: dollars that were to be expected of each step, of the same length; None where nothing was known.
    """

    name: str
    start_ms: int
    step_ms: int
    cost_usd: tuple[float, ...]
    baseline_usd: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """Everything that the report shows; nothing is looked up elsewhere.

    Attributes:
        title: the heading, as the names of the inputs.
        summary: `summary.json` of the run.
        series: the first one is shown first.
        incidents: in their last state.
        anomalies: those that the incidents name, and others.
        decisions: in order of time.
        budgets: last state of each budget's period, in order.
        policy_version: 12 hex digits.
    """

    title: str
    summary: Mapping[str, Any]
    series: tuple[Series, ...] = ()
    incidents: tuple[Incident, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    decisions: tuple[Decision, ...] = ()
    budgets: tuple[BudgetState, ...] = ()
    policy_version: str = ""
