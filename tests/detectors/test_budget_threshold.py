import pytest

from detectors.anomaly import Severity
from detectors.budget import Budget
from detectors.budget_threshold import BudgetThreshold
from detectors.canonical import parse_time
from detectors.facts import SUMS, LateFacts
from tests.detectors.builders import FactsBuilder

ACME = (("tenant", "acme"),)
MIDNIGHT_MS = parse_time("2024-05-02T00:00:00Z")
USD = 10**9


def day(**more) -> Budget:
    return Budget(**{"name": "acme-day", "scope": ACME, "amount_nanos": 100 * USD, "period": "day", **more})


class Run:
    def __init__(self, *budgets: Budget) -> None:
        self.detector = BudgetThreshold(budgets=budgets)
        self.build = FactsBuilder(("tenant",), ("provider", "tenant"))

    def spend(self, number: int, usd: float, *, late: tuple[LateFacts, ...] = ()):
        sums = {"known_nanos": round(usd * USD), "attempts": 1}
        rows = {("tenant",): {("acme",): sums}, ("provider", "tenant"): {("p1", "acme"): sums}}
        return self.detector.judge(self.build.window(MIDNIGHT_MS + number * 10_000, rows, late=late))


@pytest.mark.parametrize(
    ("usd", "severity"),
    [
        (69.99, None),
        (70, Severity.WARNING),
        (89.99, Severity.WARNING),
        (90, Severity.ERROR),
        (100, Severity.CRITICAL),
        (250, Severity.CRITICAL),
    ],
)
def test_severity_follows_the_threshold_that_is_reached(usd, severity):
    assert [each.severity for each in Run(day()).spend(0, usd)] == ([severity] if severity else [])


@pytest.mark.parametrize("share", [0.1, 0.3, 0.55, 0.7, 0.9, 1.1])
def test_a_threshold_is_reached_exactly(share):
    budget = day(thresholds=(share,), amount_nanos=10**15)
    nanos = round(share * 10**15)
    assert Run(budget).spend(0, (nanos - 1) / USD) == []
    assert len(Run(budget).spend(0, nanos / USD)) == 1


def test_it_says_so_until_the_period_ends_and_not_in_the_next_one():
    run = Run(day())
    run.spend(0, 95)
    assert len(run.spend(8_639, 0)) == 1
    assert run.spend(8_640, 1) == []


def test_it_names_budget_amount_period_and_who_spent():
    (abnormal,) = Run(day(owners=("ann",))).spend(0, 95)
    evidence = abnormal.evidence
    assert abnormal.scope == ACME
    assert (evidence["budget"], evidence["spent_usd"], evidence["amount_usd"]) == ("acme-day", "95", "100")
    assert (evidence["period_start"], evidence["period_end"]) == ("2024-05-02T00:00:00Z", "2024-05-03T00:00:00Z")
    assert evidence["contributors"] == [{"scope": {"provider": "p1", "tenant": "acme"}, "share": 1.0}]
    assert evidence["owners"] == ["ann"]


def test_it_is_dated_by_the_first_crossing_in_the_period():
    run = Run(day())
    run.spend(0, 75)
    (abnormal,) = run.spend(5, 20)
    assert abnormal.since_ms == MIDNIGHT_MS
    run.spend(8_640, 75)
    assert run.spend(8_650, 1)[0].since_ms == MIDNIGHT_MS + 86_400_000


def test_the_excess_is_what_was_spent_beyond_the_amount():
    run = Run(day())
    assert run.spend(0, 95)[0].excess_nanos == 0
    assert run.spend(1, 8)[0].excess_nanos == 3 * USD
    assert run.spend(2, 8)[0].excess_nanos == 8 * USD


def test_of_two_budgets_of_a_scope_the_worst_speaks_and_names_the_other():
    (abnormal,) = Run(day(), day(name="acme-month", period="month", amount_nanos=80 * USD)).spend(0, 75)
    assert abnormal.evidence["budget"] == "acme-month"
    assert [each["budget"] for each in abnormal.evidence["other_budgets"]] == ["acme-day"]


def test_late_records_can_cross_a_threshold():
    run = Run(day())
    run.spend(0, 60)
    late = LateFacts(MIDNIGHT_MS, ACME, tuple(15 * USD if name == "known_nanos" else 0 for name in SUMS))
    assert [each.severity for each in run.spend(1, 0, late=(late,))] == [Severity.WARNING]


def test_the_states_of_moved_budgets_are_given_with_exact_amounts():
    run = Run(day(), day(name="still", scope=(("tenant", "bolt"),)))
    run.spend(0, 0.123456789)
    (state,) = run.detector.budget_states
    assert (state.budget, state.spent_usd, state.amount_usd) == ("acme-day", "0.123456789", "100")
    run.spend(1, 0)
    assert run.detector.budget_states == ()


def test_without_budgets_there_is_nothing_to_say():
    assert Run().spend(0, 1_000_000) == []
