"""Contributors: who explains an excess, by joint roll-ups where they are and by margins elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.contributors import Contributors, _shares
from detectors.spike_detector import SPIKE_ROLLUPS
from tests.detectors.builders import FactsBuilder

NANOS = 10**9


def explained(scope, rollup, *spends):
    """The shares of what `contributors` names."""
    return {tuple(each["scope"].items()): each["share"] for each in contributors(scope, rollup, *spends)}


def contributors(scope, rollup, *spends):
    """Explain a scope after an hour's calm at a dollar each and ten windows of (tenant, provider, model, feature, dollars)."""
    known = Contributors(SPIKE_ROLLUPS)
    build = FactsBuilder(*known.rollups)
    for window in range(70):
        rows: dict = {each: {} for each in known.rollups}
        for tenant, provider, model, feature, dollars in spends:
            names = {"tenant": tenant, "provider": provider, "model": model, "feature": feature}
            for each, scopes in rows.items():
                row = scopes.setdefault(tuple(names.get(dimension, "one") for dimension in each), {"known_nanos": 0})
                row["known_nanos"] += NANOS * (dollars if window >= 60 else 1)
        facts = build.window(10_000 * window, rows)
        known.observe(facts)
        found = known.explain(facts, scope, rollup)
        known.learn()
    return found


def test_the_tenant_of_a_model_is_named():
    shares = explained(
        (("model", "large"),), ("model",), ("acme", "lab", "large", "chat", 10), ("bolt", "lab", "large", "search", 1)
    )
    assert shares[("tenant", "acme"),] == pytest.approx(1, abs=0.05)
    assert (("tenant", "bolt"),) not in shares


def test_a_tenant_that_lifts_three_models_explains_each_of_them():
    spends = [("acme", "lab", model, "chat", 5) for model in ("large", "small", "tiny")]
    shares = explained((("model", "tiny"),), ("model",), *spends, ("bolt", "lab", "tiny", "chat", 1))
    assert shares[("tenant", "acme"),] >= 0.5


def test_two_tenants_that_rise_at_once_are_told_apart_by_the_joint_roll_up():
    spends = (("acme", "lab", "large", "chat", 9), ("bolt", "works", "small", "chat", 9))
    shares = explained((("provider", "works"),), ("provider",), *spends)
    assert shares[("tenant", "bolt"),] == pytest.approx(1, abs=0.05)
    assert (("tenant", "acme"),) not in shares


def test_a_share_that_no_joint_roll_up_says_is_called_a_guess():
    named = contributors((("provider", "lab"),), ("provider",), ("acme", "lab", "large", "chat", 9))
    known = [each["scope"] for each in named if not each.get("guessed")]
    assert (known, len(named)) == ([{"tenant": "acme"}], 5)


def test_nothing_explains_what_did_not_rise():
    assert (
        explained((("tenant", "bolt"),), ("tenant",), ("acme", "lab", "large", "chat", 9), ("bolt", "lab", "large", "chat", 1))
        == {}
    )


def test_of_equals_the_first_by_name_are_told():
    spends = [(f"tenant-{number}", "lab", "large", "chat", 9) for number in range(9)]
    named = contributors((("provider", "lab"),), ("provider",), *spends, ("calm", "lab", "large", "chat", 1))
    told = sorted(each["scope"]["tenant"] for each in named if "tenant" in each["scope"])
    assert told == ["tenant-0"]
    named = contributors((("provider", "lab"),), ("provider",), *((*spend[:2], "one", "one", 9) for spend in spends))
    assert [each["scope"]["tenant"] for each in named if "tenant" in each["scope"]][:1] == ["tenant-0"]


@given(st.floats(0.01, 1e9), st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_share_is_between_none_and_all(mine, theirs, rest):
    assert 0 <= _shares(mine, np.array([theirs]), max(mine, theirs) + rest)[0] <= 1
