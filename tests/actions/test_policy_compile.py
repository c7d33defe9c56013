from decimal import Decimal

import pytest

from actions.policy import DEFAULT_POLICY, compile_setup, policy_of, policy_rollups, price_overrides, unknown_price
from actions.policy.words import DIMENSIONS
from detectors.budget import Budget, Period
from detectors.panel import build
from detectors.setup import Setup
from streams.usage import STRINGS

BUDGET = {
    "name": "acme",
    "scope": {"tenant": "acme"},
    "amount_usd": "1500.50",
    "period": "month",
    "spent_usd_before": "0.000000001",
}


def test_the_built_in_policy_compiles_to_the_built_in_setup():
    assert compile_setup(DEFAULT_POLICY) == Setup(policy_version=DEFAULT_POLICY.digest)


def test_a_budget_is_nano_dollars():
    budget = Budget(
        name="acme",
        scope=(("tenant", "acme"),),
        amount_nanos=1_500_500_000_000,
        period=Period.MONTH,
        spent_before_nanos=1,
    )
    assert compile_setup(policy_of({"version": 1, "budgets": [BUDGET]})).budgets == (budget,)


def test_a_budget_brings_its_rollup():
    policy = policy_of({"version": 1, "budgets": [BUDGET], "rollups": [["team", "env"]]})
    assert policy_rollups(policy) == (("env", "team"), ("tenant",))


def test_what_a_price_leaves_out_costs_as_the_kind_around_it():
    prices = {"m": {"input_usd_per_mtok": "0.15", "output_usd_per_mtok": 2, "cached_input_usd_per_mtok": 0}}
    price = price_overrides(policy_of({"version": 1, "prices": prices}))["m"]
    assert (price.input, price.output, price.cached_input) == (Decimal("0.15"), Decimal(2), Decimal(0))
    assert (price.cache_write, price.reasoning) == (price.input, price.output)


def test_unknown_models_cost_15_and_75_dollars():
    assert (unknown_price(DEFAULT_POLICY).input, unknown_price(DEFAULT_POLICY).output) == (15, 75)


def test_settings_of_a_detector_become_its_keywords():
    settings = {"scopes": [["tenant"]], "calm": "1m", "min_attempts": 40, "error_ratio": Decimal("2.5")}
    setup = compile_setup(policy_of({"version": 1, "detectors": {"retry_storm": settings}}))
    wanted = {"enabled": True, "calm_ms": 60_000, "rollups": (("tenant",),), "min_attempts": 40, "error_ratio": 2.5}
    assert setup.detectors["retry_storm"] == wanted
    assert build(setup)


@pytest.mark.parametrize("name", ["request_burst", "runaway_job"])
def test_a_detector_that_is_not_there_may_be_switched_off(name):
    assert compile_setup(policy_of({"version": 1, "detectors": {name: {"enabled": False}}})).detectors[name] == {"enabled": False}


def test_dimensions_are_the_string_fields_of_a_usage_record():
    assert set(DIMENSIONS) == {*STRINGS, "model", "cohort"}
