"""Figures of several rounds -> smallest, median and largest, as numbers and as a text."""

import math
import statistics
from collections.abc import Sequence


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """(min, median, max); a bench without a round has none to tell.

    >>> spread([3.0, 1.0, 2.0])
    (1.0, 2.0, 3.0)
    """
    return min(values), statistics.median(values), max(values)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least a share of all do not exceed.

    >>> quantile([4.0, 1.0, 3.0, 2.0], 0.5), quantile([4.0, 1.0, 3.0, 2.0], 0.99)
    (2.0, 4.0)
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def rates(values: Sequence[float]) -> str:
    """Smallest, median and largest, in thousands where they are large; a single value as it is.

    >>> rates([131_000.0, 99_400.0, 120_000.0]), rates([41.26, 52.0]), rates([1.234])
    ('99k / 120k / 131k', '41.3 / 46.6 / 52.0', '1.23')
    """
    shown = [_shown(value) for value in spread(values)]
    return " / ".join(shown) if len(values) > 1 else shown[0]


def _shown(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    return f"{value:,.1f}" if value >= 10 else f"{value:.2f}"
