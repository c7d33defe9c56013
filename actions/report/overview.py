"""Totals of a run -> the head of the report, its budgets, and what was refused."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from actions.report.data import ReportData
from actions.report.figures import count, day, dollars, moment
from actions.report.markup import Html, element, join, table
from detectors.anomaly import BudgetState, Severity

REFUSALS = ("late_records", "future_records", "duplicates", "conflicts")
QUALITY = {"precision": "precision", "recall": "recall"}


def header(data: ReportData) -> Html:
    """Heading, period, and the totals as tiles."""
    first = data.series[0] if data.series else None
    period = f"{day(first.start_ms)} to {day(first.start_ms + first.step_ms * len(first.cost_usd))} UTC" if first else ""
    policy = f" · policy {data.policy_version}" if data.policy_version else ""
    tiles = [element("div", element("b", value), element("span", label), class_="tile") for label, value in totals(data)]
    return element(
        "header", element("h1", data.title), element("p", period, policy, class_="note"), element("div", *tiles, class_="tiles")
    )


def totals(data: ReportData) -> Iterator[tuple[str, object]]:
    """Label and value of each tile; what is not in the summary is left out."""
    summary = data.summary
    if "cost_usd" in summary:
        yield "spent", dollars(str(summary["cost_usd"]))
    if Decimal(str(summary.get("cost_usd_assumed", 0))):
        yield "assumed, price unknown", dollars(str(summary["cost_usd_assumed"]))
    for key, label in (("usage_records", "records"), ("operations", "operations")):
        if key in summary:
            yield label, count(summary[key])
    if "input_tokens" in summary:
        yield "input tokens", count(summary["input_tokens"])
        yield "output tokens", count(summary.get("output_tokens", 0))
    yield severities(data), len(data.incidents)
    yield from quality(summary)
    if "records_per_second" in summary:
        yield "records a second", count(summary["records_per_second"])


def severities(data: ReportData) -> str:
    """`incidents`, and how many there are of each severity, the gravest first."""
    numbers = {severity: sum(each.severity == severity for each in data.incidents) for severity in reversed(Severity)}
    parts = ", ".join(f"{number} {severity}" for severity, number in numbers.items() if number)
    return f"incidents: {parts}" if parts else "incidents"


def quality(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the labels say about the run."""
    for key, label in QUALITY.items():
        if isinstance(summary.get(key), int | float):
            yield label, f"{summary[key]:.1%}"
    delay = summary.get("detection_delay_s")
    if isinstance(delay, dict) and isinstance(delay.get("p50"), int | float):
        yield "until found (median)", f"{delay['p50']:g} s"


def budgets_section(budgets: tuple[BudgetState, ...]) -> Html:
    """What is spent of each budget."""
    if not budgets:
        return Html("")
    rows: list[tuple[object, ...]] = [
        (each.budget, moment(each.period_start), dollars(each.spent_usd), dollars(each.amount_usd), gauge(each)) for each in budgets
    ]
    head = ("budget", "period from (UTC)", "spent", "amount", "")
    return element("section", element("h2", "Budgets"), table(head, rows, numbers=frozenset({2, 3})), id="budgets")


def gauge(budget: BudgetState) -> Html:
    """A bar, and the percentage."""
    ratio = float(Decimal(budget.spent_usd) / Decimal(budget.amount_usd)) if Decimal(budget.amount_usd) else 0.0
    bar = element("meter", min=0, max=1, low=0.7, high=0.9, optimum=0, value=f"{min(ratio, 1):.4f}", aria_label="spent")
    return join(bar, f" {ratio:.0%}")


def refused_section(summary: Mapping[str, Any]) -> Html:
    """Records that were refused, by reason, and those that were late or came twice."""
    reasons = {key: number for key, number in dict(summary.get("dead_letters") or {}).items() if number}
    others = {key: summary[key] for key in REFUSALS if summary.get(key)}
    if not reasons and not others:
        return Html("")
    rows: list[tuple[object, ...]] = [(f"refused: {key.replace('_', ' ')}", count(number)) for key, number in reasons.items()]
    rows += [(key.replace("_", " "), count(number)) for key, number in others.items()]
    return element(
        "section", element("h2", "Not as it should be"), table(("records", "number"), rows, numbers=frozenset({1})), id="refused"
    )
