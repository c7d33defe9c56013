"""token_spike as its users meet it: what it says of whom, with which evidence."""

import copy

import pytest

from detectors.anomaly import Abnormal, Severity
from detectors.token_spike import TokenSpike
from tests.detectors.shop import START_MS, Shop, Source, source

CALM = (source("acme"), source("bolt"), source("core", model="small", feature="search", service="api"))
WARM = 400


def run(detector: TokenSpike, shop: Shop, windows: int, *sources: Source, complete: bool = True) -> list[list[Abnormal]]:
    """What is found in so many windows, and all that is to be told of it."""
    facts = [shop.window(*sources, complete=complete) for _ in range(windows)]
    return [[detector.explain(each, found) for found in detector.judge(each)] for each in facts]


@pytest.fixture(scope="module")
def history() -> tuple[TokenSpike, Shop]:
    detector, shop = TokenSpike(), Shop()
    assert not any(run(detector, shop, WARM, *CALM))
    return detector, shop


@pytest.fixture
def warm(history) -> tuple[TokenSpike, Shop]:
    return copy.deepcopy(history)


def of(found: list[Abnormal], **scope: str) -> Abnormal:
    (each,) = [each for each in found if dict(each.scope) == scope]
    return each


def test_more_requests_are_more_tokens_a_minute(warm):
    found = run(*warm, 4, CALM[0].but(per_window=200), *CALM[1:])[-1]
    acme = of(found, tenant="acme")
    assert (acme.severity, acme.reason, acme.unit) == (Severity.ERROR, "rate_above_baseline", "tokens/min")
    assert acme.observed == pytest.approx(10 * acme.expected, rel=0.5)
    assert abs(acme.since_ms - START_MS - 10_000 * WARM) <= 10_000
    assert not [each for each in found if dict(each.scope) in ({"tenant": "bolt"}, {"tenant": "core"})]


def test_bigger_answers_are_told_from_bigger_prompts(warm):
    found = run(*warm, 5, CALM[0].but(output_tokens=3_000), *CALM[1:])[-1]
    acme = of(found, tenant="acme")
    assert (acme.evidence["channel"], acme.unit) == ("output_tokens_size", "tokens/request")
    assert acme.observed > 4 * acme.expected


def test_what_lasts_a_minute_at_four_times_the_expectation_is_critical(warm):
    found = run(*warm, 8, CALM[0].but(per_window=200), *CALM[1:])
    severities = [of(each, tenant="acme").severity for each in found if each]
    assert severities[0] != Severity.CRITICAL
    assert severities[-1] == Severity.CRITICAL


def test_excess_is_what_the_spike_cost(warm):
    shop = warm[1]
    facts = [shop.window(CALM[0].but(per_window=200), *CALM[1:]) for _ in range(6)]
    found = [of(each, tenant="acme") for each in map(warm[0].judge, facts) if each]
    truth = [each.rollups["tenant",].nanos[0] * 0.9 for each in facts[-len(found) :]]
    assert sum(each.excess_nanos for each in found) == pytest.approx(sum(truth), rel=0.1)


def test_evidence_can_be_checked(warm):
    acme = of(run(*warm, 4, CALM[0].but(per_window=200), *CALM[1:])[-1], tenant="acme")
    assert acme.evidence["statistic"] >= acme.evidence["threshold"]
    assert acme.evidence["requests"] > 5 * acme.evidence["expected_requests"]
    assert {"service": "web"} in [each["scope"] for each in acme.evidence["contributors"]]


def test_a_roll_up_names_the_tenant_that_lifts_it(warm):
    found = run(*warm, 10, CALM[0].but(per_window=300), *CALM[1:])[-1]
    for scope in ({"model": "large"}, {"feature": "chat"}, {"service": "web"}, {"provider": "lab"}):
        contributors = of(found, **scope).evidence["contributors"]
        assert {"tenant": "acme"} in [each["scope"] for each in contributors if each["share"] >= 0.5]


def test_a_scope_that_is_throttled_learns_nothing(warm):
    detector, shop = warm
    run(detector, shop, 200, CALM[0].but(per_window=2, throttled=60), *CALM[1:])
    assert not any(run(detector, shop, 60, *CALM))


def test_who_was_always_throttled_a_little_is_known_all_the_same():
    detector, shop = TokenSpike(), Shop()
    limited = CALM[0].but(throttled=4)
    assert not any(run(detector, shop, WARM, limited, *CALM[1:]))
    assert of(run(detector, shop, 4, limited.but(per_window=200), *CALM[1:])[-1], tenant="acme").severity == Severity.ERROR


def test_a_part_of_the_telemetry_teaches_nothing(warm):
    detector, shop = warm
    run(detector, shop, 200, *(each.but(per_window=4) for each in CALM), complete=False)
    assert not any(run(detector, shop, 60, *CALM))


def test_free_usage_is_watched_too():
    detector, shop = TokenSpike(), Shop()
    free = [each.but(nanos_per_token=0) for each in CALM]
    run(detector, shop, WARM, *free)
    acme = of(run(detector, shop, 4, free[0].but(per_window=200), *free[1:])[-1], tenant="acme")
    assert acme.excess_nanos == 0
    assert acme.evidence["contributors"] == []
