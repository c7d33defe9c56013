import msgspec
import pytest

from actions.report import ReportData, Series
from detectors.anomaly import BudgetState, Judgement, Severity
from detectors.facts import SUMS, LateFacts
from detectors.scope import Scope
from streams.outputs import Outputs
from streams.pipeline import Judged
from streams.report import MOST, Reported
from tests.actions.report.builders import report
from tests.detectors.builders import FactsBuilder

TENANT = ("tenant",)


def judgement(start_ms: int, *budgets: BudgetState) -> Judgement:
    return Judgement(window_start=str(start_ms), window_end=str(start_ms + 10_000), budgets=budgets)


def late(start_ms: int, scope: Scope, nanos: int) -> LateFacts:
    return LateFacts(start_ms, scope, tuple(nanos if name == "known_nanos" else 0 for name in SUMS))


@pytest.fixture
def outputs() -> Outputs:
    gathered = Outputs()
    made = report(days=0.01)
    gathered.add(made.anomalies, made.incidents[:1], made.decisions)
    return gathered


def reported(outputs: Outputs) -> ReportData:
    build, gathering = FactsBuilder(TENANT), Reported([(), TENANT, ("a", "b", "c")], window_ms=10_000)
    spent = {("acme",): {"known_nanos": 10**9, "assumed_nanos": 10**9}, ("globex",): {"known_nanos": 9 * 10**9}}
    first = build.window(0, {(): {(): {"known_nanos": 11 * 10**9}}, TENANT: spent})
    second = build.window(10_000, late=(late(0, (("tenant", "acme"),), 5 * 10**9), late(0, (("service", "none"),), 1)))
    for facts, spent_usd in ((first, "1"), (second, "2")):
        state = BudgetState(budget="search", period_start="2026-11-01T00:00:00Z", spent_usd=spent_usd, amount_usd="5")
        gathering.take(Judged(facts, judgement(facts.start_ms, state), (), ()))
    return gathering.data(title="x", summary={}, outputs=outputs, policy_version="0" * 12)


def named(data: ReportData) -> dict[str, Series]:
    return {series.name: series for series in data.series}


def test_everything_comes_first_then_what_incidents_are_about_then_what_costs_most(outputs: Outputs) -> None:
    assert list(named(reported(outputs))) == ["global", "tenant=acme", "tenant=globex"]


def test_late_cost_is_drawn_in_the_window_that_it_belongs_to(outputs: Outputs) -> None:
    assert named(reported(outputs))["tenant=acme"].cost_usd == (7.0, 0.0)


def test_a_budget_is_shown_as_it_was_last(outputs: Outputs) -> None:
    assert [state.spent_usd for state in reported(outputs).budgets] == ["2"]


def test_the_number_of_series_is_bounded() -> None:
    build, gathering, outputs = FactsBuilder(TENANT), Reported([TENANT], window_ms=10_000), Outputs()
    rows = {(f"t{number}",): {"known_nanos": number + 1} for number in range(100)}
    gathering.take(Judged(build.window(0, {TENANT: rows}), judgement(0), (), ()))
    one = report(days=0.01).incidents[0]
    many = [msgspec.structs.replace(one, id=str(n), scope={"tenant": f"t{n}"}, severity=Severity.ERROR) for n in range(100)]
    outputs.add((), many, ())
    assert len(gathering.data(title="x", summary={}, outputs=outputs, policy_version="").series) == MOST
