"""The roll-ups that stage 1 always makes: those of the house and those that only detectors see."""

from collections.abc import Iterable

from detectors.scope import Rollup
from streams.usage import DIMENSIONS

HOUSE: tuple[Rollup, ...] = (
    (),
    ("tenant",),
    ("provider",),
    ("model",),
    ("env", "team"),
    ("feature",),
    ("service",),
    ("cohort", "release", "service"),
)
"""engine.md, "Facts are integers": what people look at."""

DETECTORS_OWN: tuple[Rollup, ...] = (
    ("provider", "tenant"),
    ("feature", "model"),
    ("cohort", "model", "release", "service"),
)
"""What detectors need to tell one cause from another. They read sums there and no histogram."""

DEFAULT_ROLLUPS: tuple[Rollup, ...] = HOUSE + DETECTORS_OWN


def has_histograms(rollup: Rollup) -> bool:
    """Whether the scopes of a roll-up have histograms: all but those that nobody would read them of."""
    return rollup not in DETECTORS_OWN


def with_rollups(extra: Iterable[Iterable[str]]) -> tuple[Rollup, ...]:
    """The default roll-ups and further ones, each once, dimensions sorted; `()` is always there.

    Raises:
        ValueError: when a roll-up has a dimension that no usage record has.

    >>> with_rollups([["team", "env"], ["region"]])[-1]
    ('region',)
    """
    rollups = list(DEFAULT_ROLLUPS)
    for each in extra:
        rollup = tuple(sorted(set(each)))
        if unknown := [dimension for dimension in rollup if dimension not in DIMENSIONS]:
            raise ValueError(f"no dimension of a usage record: {', '.join(unknown)}")
        if rollup not in rollups:
            rollups.append(rollup)
    return tuple(rollups)
