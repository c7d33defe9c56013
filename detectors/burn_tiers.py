"""How fast a budget may burn -> for how long: the tiers of budget_burn as a table with its source.

Long windows, short windows and factors for a period of 30 days: Google, The Site Reliability Workbook (2018), chapter 5, table 5-8,
with the 3x tier of its appendix; the 60x tier is ours, since language models spend faster than errors happen.

| factor | long | short | share of the budget | severity |
|---|---|---|---|---|
| 60 | 10 min | 1 min | 1.4 % | critical |
| 14.4 | 1 h | 5 min | 2 % | error |
| 6 | 6 h | 30 min | 5 % | error |
| 3 | 1 d | 2 h | 10 % | warning |
| 1 | 3 d | 6 h | 10 % | warning |

Other periods keep the factors and the shares: the windows shrink with the period, so that 14.4x on a week looks at 14 min and on a
day at 2 min. A month always counts as 30 days, so that no threshold moves with the calendar. A window is at least one window of
facts long.
"""

from dataclasses import dataclass
from fractions import Fraction

from detectors.anomaly import Severity
from detectors.budget import Budget, Period

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
PERIOD_MS = {Period.DAY: _DAY_MS, Period.WEEK: 7 * _DAY_MS, Period.MONTH: 30 * _DAY_MS}


@dataclass(frozen=True, slots=True)
class Tier:
    """A burn rate that must be exceeded over both windows.

    Attributes:
        factor: multiple of the even pace at which the budget would just last for its period.
        long_ms, short_ms: the windows for a period of 30 days.
    """

    factor: Fraction
    long_ms: int
    short_ms: int
    severity: Severity

    @property
    def label(self) -> str:
        """As people write it: `14.4x`."""
        return f"{float(self.factor):g}x"


TIERS = (
    Tier(Fraction(60), 10 * _MINUTE_MS, _MINUTE_MS, Severity.CRITICAL),
    Tier(Fraction(72, 5), _HOUR_MS, 5 * _MINUTE_MS, Severity.ERROR),
    Tier(Fraction(6), 6 * _HOUR_MS, 30 * _MINUTE_MS, Severity.ERROR),
    Tier(Fraction(3), _DAY_MS, 2 * _HOUR_MS, Severity.WARNING),
    Tier(Fraction(1), 3 * _DAY_MS, 6 * _HOUR_MS, Severity.WARNING),
)
"""The most severe first."""


def spans_ms(tier: Tier, period: Period, window_ms: int) -> tuple[int, int]:
    """Long and short window of a tier for a period, in whole windows of facts.

    >>> spans_ms(TIERS[1], Period.WEEK, 10_000), spans_ms(TIERS[1], Period.DAY, 10_000)
    ((840000, 70000), (120000, 10000))
    """
    scale = Fraction(PERIOD_MS[period], PERIOD_MS[Period.MONTH])
    long, short = (max(1, round(each * scale / window_ms)) * window_ms for each in (tier.long_ms, tier.short_ms))
    return long, short


def pace_nanos(budget: Budget, factor: Fraction, span_ms: int) -> int:
    """Nano-dollars that a budget burning at `factor` times its even pace spends in a span, rounded up.

    >>> pace_nanos(Budget(name="b", scope=(), amount_nanos=720 * 10**9), Fraction(72, 5), 3_600_000)
    14400000000
    """
    exact = factor * budget.amount_nanos * span_ms / PERIOD_MS[budget.period]
    return -(-exact.numerator // exact.denominator)
