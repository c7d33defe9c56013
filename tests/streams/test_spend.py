import msgspec
import numpy as np
import pytest

from actions.report import Series
from detectors.anomaly import Severity
from detectors.facts import SUMS, LateFacts
from detectors.scope import Scope
from streams.spend import MOST, Spend
from tests.actions.report.builders import report
from tests.detectors.builders import FactsBuilder

TENANT = ("tenant",)
DOLLAR = 10**9


def late(start_ms: int, scope: Scope, nanos: int) -> LateFacts:
    return LateFacts(start_ms, scope, tuple(nanos if name == "known_nanos" else 0 for name in SUMS))


@pytest.fixture
def spend() -> Spend:
    build, gathered = FactsBuilder(TENANT, ("a", "b", "c")), Spend()
    tenants = {("acme",): {"known_nanos": DOLLAR, "assumed_nanos": DOLLAR}, ("globex",): {"known_nanos": 9 * DOLLAR}}
    gathered.take(build.window(0, {(): {(): {"known_nanos": 11 * DOLLAR}}, TENANT: tenants}), {TENANT: np.array([1.5e9, np.nan])})
    behind = (late(0, (("tenant", "acme"),), 5 * DOLLAR), late(0, (("service", "none"),), 1))
    gathered.take(build.window(10_000, late=behind), {TENANT: np.array([1.5e9, 1.5e9])})
    return gathered


def named(spend: Spend) -> dict[str, Series]:
    return {series.name: series for series in spend.series()}


def test_everything_comes_first_then_what_costs_most(spend: Spend) -> None:
    assert list(named(spend)) == ["global", "tenant=globex", "tenant=acme"]


def test_what_incidents_are_about_comes_before_what_costs_most(spend: Spend) -> None:
    assert [series.name for series in spend.series(report(days=0.01).incidents[:1])] == ["global", "tenant=acme", "tenant=globex"]


def test_late_cost_is_drawn_in_the_window_that_it_belongs_to(spend: Spend) -> None:
    assert named(spend)["tenant=acme"].cost_usd == (7.0, 0.0)


def test_the_baseline_is_what_the_detector_expected(spend: Spend) -> None:
    assert named(spend)["tenant=acme"].baseline_usd == (1.5, 1.5)
    assert named(spend)["tenant=globex"].baseline_usd == (None, 1.5)
    assert named(spend)["global"].baseline_usd == (None, None)


def test_everything_was_to_cost_what_all_models_were_to_cost_together() -> None:
    build, gathered = FactsBuilder(("model",)), Spend()
    rows = {("model",): {("a",): {"known_nanos": 1}, ("b",): {"known_nanos": 1}, ("c",): {"known_nanos": 1}}}
    gathered.take(build.window(0, rows), {("model",): np.array([1e9, 2e9, np.nan])})
    gathered.take(build.window(10_000), {("model",): np.full(3, np.nan)})
    assert named(gathered)["global"].baseline_usd == (3.0, None)


def test_the_number_of_series_is_bounded() -> None:
    build, gathered = FactsBuilder(TENANT), Spend()
    gathered.take(build.window(0, {TENANT: {(f"t{number}",): {"known_nanos": number + 1} for number in range(100)}}), {})
    one = report(days=0.01).incidents[0]
    many = [msgspec.structs.replace(one, id=str(n), scope={"tenant": f"t{n}"}, severity=Severity.ERROR) for n in range(100)]
    assert len(gathered.series(many)) == MOST


def test_a_run_without_a_window_has_no_series() -> None:
    assert Spend().series() == ()
