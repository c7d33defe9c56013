"""cost_spike: dearer requests, and newcomers that spend more than anybody."""

import pytest

from detectors.anomaly import Severity
from detectors.cost_spike import CostSpike
from tests.detectors.shop import Shop, source

TENANTS = tuple(source(f"t{number:02}").but(per_window=3) for number in range(32))


def test_a_dearer_model_is_found_by_cost_alone():
    detector, shop = CostSpike(), Shop()
    acme = source("acme")
    for _ in range(400):
        assert not detector.judge(shop.window(acme, source("bolt")))
    for _ in range(6):
        found = detector.judge(shop.window(acme.but(nanos_per_token=150_000), source("bolt")))
    (spike,) = [each for each in found if dict(each.scope) == {"tenant": "acme"}]
    assert (spike.unit, spike.severity) == ("usd/request", Severity.CRITICAL)
    assert spike.observed == pytest.approx(15 * spike.expected, rel=0.4)


@pytest.mark.parametrize(("per_window", "warned"), [(3, False), (60, True)], ids=["like the others", "more than anybody"])
def test_a_newcomer_is_a_warning_only_above_its_group(per_window, warned):
    detector, shop = CostSpike(rollups=(("tenant",),)), Shop()
    for _ in range(40):
        detector.judge(shop.window(*TENANTS))
    shop.at += 330
    found = [detector.judge(shop.window(*TENANTS, source("zeta").but(per_window=per_window))) for _ in range(40)]
    reasons = {each.reason: each.severity for window in found for each in window}
    assert reasons == ({"newcomer_above_group": Severity.WARNING} if warned else {})
