import dataclasses

import pytest

from detectors.anomaly import Severity
from detectors.budget import Budget
from detectors.budget_burn import BudgetBurn
from detectors.canonical import parse_time, time_text
from detectors.facts import SUMS, LateFacts, WindowFacts
from tests.detectors.builders import FactsBuilder

ACME = (("tenant", "acme"),)
START_MS = parse_time("2024-05-01T00:00:00Z")
USD = 10**9
AMOUNT = 25_920 * USD  # an even pace of $0.1 in a window of 10 s
PACE_USD = 0.1


class Run:
    def __init__(self, *, window_ms: int = 10_000, **budget) -> None:
        self.budget = Budget(**{"name": "b", "scope": ACME, "amount_nanos": AMOUNT, **budget})
        self.detector = BudgetBurn(budgets=(self.budget,))
        self.build = FactsBuilder(("tenant",), ("provider", "tenant"), window_ms=window_ms)
        self.made: dict[tuple[float, int], WindowFacts] = {}

    def window(self, number: int, usd: float, attempts: int = 20):
        sums = {"known_nanos": round(usd * USD), "attempts": attempts}
        if (usd, attempts) not in self.made:
            self.made[usd, attempts] = self.build.window(0, {("tenant",): {("acme",): sums}})
        start_ms = START_MS + number * self.build.window_ms
        return dataclasses.replace(self.made[usd, attempts], start_ms=start_ms, end_ms=start_ms + self.build.window_ms)

    def spend(self, number: int, usd: float, attempts: int = 20):
        return self.detector.judge(self.window(number, usd, attempts))

    def first(self, usd: float, windows: int, *, tier: str | None = None):
        for number in range(windows):
            found = self.spend(number, usd)
            if found and tier in {None, found[0].evidence["tier"]}:
                return (number + 1) * self.build.window_ms // 1000, found[0]
        return None, None


@pytest.mark.parametrize(
    ("burn", "tier", "after_s"),
    [(60, "60x", 600), (120, "60x", 300), (30, "14.4x", 1_728), (14.4, "14.4x", 3_600), (7.2, "6x", 18_000), (6, "6x", 21_600)],
)
def test_a_constant_burn_is_found_after_long_times_factor_over_burn(burn, tier, after_s):
    at_s, abnormal = Run().first(burn * PACE_USD, 2_200, tier=tier)
    assert at_s == pytest.approx(after_s, abs=10)
    assert abnormal.observed == pytest.approx(
        burn if at_s >= abnormal.evidence["long_s"] else burn * at_s / abnormal.evidence["long_s"]
    )


@pytest.mark.parametrize(("burn", "tier", "after_s"), [(4, "3x", 64_800), (1.5, "1x", 172_800)])
def test_a_slow_burn_is_found_after_long_times_factor_over_burn(burn, tier, after_s):
    at_s, _ = Run(window_ms=60_000).first(6 * burn * PACE_USD, 3_000, tier=tier)
    assert at_s == pytest.approx(after_s, abs=60)


def test_a_budget_that_is_gone_in_eight_days_is_a_warning():
    at_s, abnormal = Run(window_ms=60_000).first(6 * 30 / 8 * PACE_USD, 1_500)
    assert at_s == pytest.approx(86_400 * 3 / (30 / 8), abs=60)
    assert abnormal.severity is Severity.WARNING


def test_a_pace_that_is_nearly_even_is_nothing():
    assert Run(window_ms=60_000).first(6 * 0.98 * PACE_USD, 5_000) == (None, None)


@pytest.mark.parametrize(("burn", "severity"), [(70, Severity.CRITICAL), (15, Severity.ERROR), (7, Severity.ERROR)])
def test_severity_is_that_of_the_worst_tier(burn, severity):
    run, worst = Run(), []
    for number in range(2_200):
        worst += [each.severity for each in run.spend(number, burn * PACE_USD)]
    assert max(worst, key=lambda each: each.rank) is severity


def test_it_ends_with_the_short_window():
    run = Run()
    assert run.first(60 * PACE_USD, 100)[0] == 600
    said = [bool(run.spend(60 + number, 0)) for number in range(8)]
    assert not any(said[1:])


def test_a_single_request_of_two_cents_never_fires_whatever_the_budget():
    for amount in (1, 10**7, USD, 100 * USD):
        run = Run(amount_nanos=amount)
        assert not any(run.spend(number, 0.02 if number == 3 else 0.0, attempts=int(number == 3)) for number in range(50))


def test_no_tier_fires_below_ten_attempts_or_below_a_dollar():
    few, cheap = Run(), Run(amount_nanos=USD // 10)
    assert few.spend(0, 1_000, attempts=9) == []
    assert cheap.spend(0, 0.99, attempts=1_000) == []
    assert few.spend(1, 0, attempts=1)
    assert cheap.spend(1, 0.01, attempts=1)


@pytest.mark.parametrize(("period", "after_s"), [("week", 14 * 60), ("day", 120)])
def test_other_periods_fire_when_the_same_share_is_burnt(period, after_s):
    amount = 14.4 * 86_400 * {"week": 7, "day": 1}[period] * USD
    at_s, abnormal = Run(period=period, amount_nanos=round(amount)).first(14.4 * 14.4 * 10, 200, tier="14.4x")
    assert at_s == pytest.approx(after_s, abs=10)
    assert float(abnormal.evidence["long_usd"]) == pytest.approx(0.02 * amount / USD, rel=0.03)


def test_the_projected_exhaustion_is_where_the_rate_leads():
    at_s, abnormal = Run().first(60 * PACE_USD, 100)
    assert at_s is not None
    expected_ms = START_MS + 30 * 86_400_000 // 60
    assert abnormal.evidence["projected_exhaustion"] == time_text(expected_ms)


def test_a_budget_that_outlasts_its_period_has_no_exhaustion():
    run = Run(window_ms=60_000, period="day", amount_nanos=864 * USD)
    found = [each for number in range(720, 900) for each in run.spend(number, 1.5 * 0.6)]
    assert {each.evidence["projected_exhaustion"] for each in found} == {None}


def test_the_reason_names_the_tier_and_the_unit_is_times_the_budget():
    _, abnormal = Run().first(60 * PACE_USD, 100)
    assert "tier 60x" in abnormal.reason
    assert (abnormal.unit, abnormal.expected) == ("x budget", 1.0)
    assert abnormal.excess_nanos == 59 * USD // 10


def test_late_records_count_at_their_own_time():
    run = Run()
    late = LateFacts(START_MS - 3_600_000, ACME, tuple({"known_nanos": 10_000 * USD, "attempts": 50}.get(name, 0) for name in SUMS))
    run.spend(0, 0)
    facts = dataclasses.replace(run.window(1, 0), late=(late,))
    assert {each.evidence["tier"] for each in run.detector.judge(facts)} <= {"6x", "3x", "1x"}


def test_a_budget_that_is_renamed_by_a_reload_starts_anew_and_the_others_go_on():
    one, two = (Budget(name=name, scope=ACME, amount_nanos=AMOUNT) for name in ("one", "two"))
    before, run = BudgetBurn(budgets=(one, two)), Run()
    for number in range(59):
        before.judge(run.window(number, 60 * PACE_USD))
    after = BudgetBurn(budgets=(Budget(name="new", scope=ACME, amount_nanos=AMOUNT), two))
    after.restore(before.snapshot())
    assert [each.evidence["budget"] for each in after.judge(run.window(59, 60 * PACE_USD))] == ["two"]
