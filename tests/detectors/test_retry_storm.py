import numpy as np
import pytest

from detectors.anomaly import Abnormal, Severity
from detectors.retry_storm import RetryStorm
from tests.detectors.builders import FactsBuilder

WINDOW_MS = 10_000
NAMES = ("attempts", "operations", "retries", "successes", "throttled", "server_errors", "client_errors", "wasted_nanos")
Sums = dict[str, int]


def traffic(operations: int, retries: int = 0, *, failed: int = 0, error: str = "server_errors", nanos: int = 1_000_000) -> Sums:
    """Attempts of one tenant at one provider in one window; `error` is what the failed ones are counted as."""
    attempts = operations + retries
    sums = {"attempts": attempts, "operations": operations, "retries": retries, "successes": attempts - failed}
    return {**sums, error: failed, "wasted_nanos": failed * nanos}


def noisy(random: np.random.Generator, rate: float, *, retried: float = 0.05, failed: float = 0.01) -> Sums:
    operations = int(random.poisson(rate))
    retries = int(random.binomial(operations, retried))
    return traffic(operations, retries, failed=min(operations + retries, retries + int(random.binomial(operations, failed))))


class Run:
    """Windows of (provider, tenant) pairs; the sums of tenants and providers are made from them."""

    def __init__(self, **keywords) -> None:
        self.detector = RetryStorm(**keywords)
        self.build = FactsBuilder(("tenant",), ("provider",), ("provider", "tenant"))
        self.number = 0

    def window(self, pairs: dict[tuple[str, str], Sums]) -> list[Abnormal]:
        rows: dict = {("tenant",): {}, ("provider",): {}, ("provider", "tenant"): pairs}
        for (provider, tenant), sums in pairs.items():
            for rollup, value in ((("tenant",), (tenant,)), (("provider",), (provider,))):
                own = rows[rollup].setdefault(value, {})
                for name, number in sums.items():
                    own[name] = own.get(name, 0) + number
        facts = self.build.window(self.number * WINDOW_MS, rows)
        self.number += 1
        return self.detector.judge(facts)

    def windows(self, count: int, pairs: dict[tuple[str, str], Sums]) -> list[list[Abnormal]]:
        return [self.window(pairs) for _ in range(count)]


def of(abnormals: list[Abnormal], **scope: str) -> Abnormal:
    (only,) = [each for each in abnormals if dict(each.scope) == scope]
    return only


CALM = {("p1", tenant): traffic(100, 5, failed=6) for tenant in ("acme", "bolt", "core", "dune")}


@pytest.mark.parametrize("rate", [10, 100, 1_000])
@pytest.mark.parametrize("share_of_first_window", [0.05, 0.5, 1.0])
def test_an_amplification_above_three_is_critical_in_the_first_or_second_whole_window(rate, share_of_first_window):
    run = Run()
    run.windows(30, {("p1", "acme"): traffic(rate, rate // 20)})
    retries = round(2.44 * rate * share_of_first_window)
    said = run.window({("p1", "acme"): traffic(rate, retries, failed=retries)})
    for _ in range(2):
        said = run.window({("p1", "acme"): traffic(rate, round(2.44 * rate), failed=3 * rate)})
    assert of(said, tenant="acme").severity is Severity.CRITICAL
    assert of(said, tenant="acme").observed > 3


def test_thirty_six_attempts_of_one_operation_are_found_within_a_minute():
    run = Run()
    run.windows(30, {("p1", "acme"): traffic(1)})
    said = [*run.windows(1, {("p1", "acme"): traffic(1, 5, failed=6)}), *run.windows(5, {("p1", "acme"): traffic(0, 6, failed=6)})]
    assert of(said[-1], tenant="acme").severity is Severity.CRITICAL


@pytest.mark.parametrize(("ratio", "severity"), [(1.5, Severity.WARNING), (2.5, Severity.ERROR), (3.5, Severity.CRITICAL)])
def test_severity_follows_the_amplification(ratio, severity):
    run = Run()
    said = run.windows(12, {("p1", "acme"): traffic(100, round(100 * (ratio - 1)))})
    assert of(said[-1], tenant="acme").severity is severity


@pytest.mark.parametrize("rate", [0.3, 1, 5, 20, 100, 1_000])
def test_ordinary_retry_noise_is_never_an_error(rate):
    random, run = np.random.default_rng(3), Run()
    pairs = [(f"p{i % 2}", f"t{i}") for i in range(20)]
    said = [each for _ in range(500) for each in run.window({pair: noisy(random, rate) for pair in pairs})]
    assert said == []


def test_the_retries_of_a_burst_that_is_over_are_no_storm():
    run = Run()
    run.windows(30, {("p1", "acme"): traffic(10)})
    run.windows(3, {("p1", "acme"): traffic(2_000, 100, failed=100)})
    assert not any(run.windows(1, {("p1", "acme"): traffic(10, 80, failed=80)}))


def test_a_fault_of_a_provider_is_told_from_that_of_a_client():
    run = Run()
    run.windows(10, CALM)
    said = run.windows(2, {pair: traffic(100, 250, failed=280) for pair in CALM})[-1]
    assert of(said, provider="p1").suspected_change == {"kind": "provider", "provider": "p1"}
    assert all(of(said, tenant=tenant).suspected_change == {"kind": "provider", "provider": "p1"} for _, tenant in CALM)


def test_one_tenant_alone_is_a_fault_of_the_client_and_the_provider_is_not_abnormal():
    run = Run()
    run.windows(10, CALM)
    said = run.windows(3, {**CALM, ("p1", "acme"): traffic(400, 2_000, failed=2_100)})[-1]
    assert [dict(each.scope) for each in said] == [{"tenant": "acme"}]
    assert said[0].suspected_change == {"kind": "client"}


def test_a_tenant_that_storms_at_a_failing_provider_only_suspects_that_one():
    run, other = Run(), {("p2", tenant): traffic(100, 3) for _, tenant in CALM}
    run.windows(10, {**CALM, **other})
    said = run.windows(2, {**{pair: traffic(100, 250, failed=280) for pair in CALM}, **other})[-1]
    assert [dict(each.scope) for each in said if "provider" in dict(each.scope)] == [{"provider": "p1"}]
    assert of(said, tenant="acme").evidence["contributors"][0]["scope"] == {"provider": "p1"}


def test_evidence_can_be_checked_by_a_person():
    run = Run()
    run.windows(10, CALM)
    abnormal = of(run.windows(2, {pair: traffic(100, 250, failed=280) for pair in CALM})[-1], provider="p1")
    evidence = abnormal.evidence
    assert evidence["attempts"] / evidence["operations"] == pytest.approx(abnormal.observed)
    assert evidence["errors"] == {"server_errors": evidence["errors"]["server_errors"]}
    assert evidence["wasted_usd"] == "2.24"
    assert abnormal.excess_nanos == 4 * 280 * 1_000_000
    assert (abnormal.expected, abnormal.unit) == (1.0, "attempts/operation")
    assert [each["share"] for each in evidence["contributors"]] == [0.25] * 4


def test_a_storm_that_costs_nothing_is_found_all_the_same():
    run = Run()
    said = run.windows(2, {("p1", "acme"): traffic(100, 300, failed=390, nanos=0)})
    assert of(said[-1], tenant="acme").severity is Severity.CRITICAL


def test_throttled_attempts_begin_no_storm():
    run = Run()
    run.windows(10, CALM)
    assert not any(run.windows(30, {**CALM, ("p1", "acme"): traffic(100, 500, failed=520, error="throttled")}))


def test_a_storm_lasts_while_what_is_let_through_still_fails():
    run = Run()
    run.windows(3, {("p1", "acme"): traffic(100, 300, failed=390)})
    throttled = {**traffic(100, 300, failed=340, error="throttled"), "server_errors": 50, "successes": 10}
    assert all(run.windows(20, {("p1", "acme"): throttled}))


def test_a_storm_ends_when_what_is_let_through_succeeds_again():
    run = Run()
    run.windows(3, {("p1", "acme"): traffic(100, 300, failed=390)})
    said = run.windows(6, {("p1", "acme"): traffic(100, 100, failed=100, error="throttled")})
    assert not any(said[3:])


def test_a_storm_ends_soon_after_its_cause():
    run = Run()
    run.windows(30, {("p1", "acme"): traffic(100, 300, failed=390)})
    said = run.windows(10, {("p1", "acme"): traffic(100, 5, failed=6)})
    assert not any(said[2:])


def test_a_provider_that_throttles_more_tenants_than_we_ever_would_storms():
    run, tenants = Run(), [("p1", f"t{i}") for i in range(12)]
    run.windows(5, {pair: traffic(50) for pair in tenants})
    said = run.windows(3, {pair: traffic(50, 150, failed=180, error="throttled") for pair in tenants})[-1]
    assert of(said, provider="p1").severity is Severity.CRITICAL


def test_twenty_retries_of_client_errors_are_a_bug():
    run, repeated = Run(), {("p1", "acme"): traffic(100, 4, failed=8, error="client_errors")}
    said = run.windows(6, repeated)
    assert not any(said[:5])
    assert of(said[5], tenant="acme").severity is Severity.WARNING
    assert of(said[5], tenant="acme").suspected_change == {"kind": "client"}


def test_client_errors_that_nobody_retries_are_nothing():
    random, run = np.random.default_rng(4), Run()
    for _ in range(400):
        sums = {**noisy(random, 200, failed=0.0), "client_errors": 6}
        assert run.window({("p1", "acme"): sums}) == []


def test_a_storm_is_dated_by_the_window_in_which_the_retries_rose():
    run = Run()
    run.windows(30, {("p1", "acme"): traffic(100, 0)})
    said = run.windows(3, {("p1", "acme"): traffic(100, 300, failed=390)})
    assert of(said[-1], tenant="acme").since_ms == 30 * WINDOW_MS


def test_ratios_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="budget_ratio"):
        RetryStorm(warning_ratio=1.05)
