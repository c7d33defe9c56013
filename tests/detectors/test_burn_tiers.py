import pytest

from detectors.budget import Budget, Period
from detectors.burn_tiers import TIERS, pace_nanos, spans_ms


@pytest.mark.parametrize(("tier", "share"), list(zip(TIERS, (60 * 600 / 2_592_000, 0.02, 0.05, 0.1, 0.1), strict=True)))
def test_a_tier_burns_the_share_of_the_workbook(tier, share):
    budget = Budget(name="b", scope=(), amount_nanos=10**15)
    assert pace_nanos(budget, tier.factor, tier.long_ms) / 10**15 == pytest.approx(share)


@pytest.mark.parametrize("period", ["week", "day"])
@pytest.mark.parametrize("tier", TIERS[1:])
def test_other_periods_burn_the_same_share(tier, period):
    budgets = [Budget(name="b", scope=(), amount_nanos=10**15, period=each) for each in ("month", period)]
    shares = [pace_nanos(each, tier.factor, spans_ms(tier, each.period, 10_000)[0]) / 10**15 for each in budgets]
    assert shares[1] == pytest.approx(shares[0], rel=0.01)


def test_the_short_window_is_never_longer_than_the_long_one():
    assert all(long >= short >= 10_000 for tier in TIERS for each in Period for long, short in [spans_ms(tier, each, 10_000)])
