"""A few sources of requests -> whole window facts, for the detectors of spikes."""

from dataclasses import dataclass, field, replace

import numpy as np

from detectors.facts import WindowFacts
from detectors.scope import Rollup
from detectors.token_spike import TokenSpike
from tests.detectors.builders import FactsBuilder

START_MS = 1_700_006_400_000
ROLLUPS: tuple[Rollup, ...] = TokenSpike().rollups
NAMES = ("tenant", "provider", "model", "feature", "service", "env", "team")


@dataclass(frozen=True)
class Source:
    """Who asks, how often a window, how much each time; dollars follow from tokens."""

    names: dict[str, str]
    per_window: float = 20.0
    input_tokens: float = 1_000.0
    output_tokens: float = 200.0
    nanos_per_token: float = 10_000.0
    throttled: int = 0

    def but(self, **changes: float) -> "Source":
        return replace(self, **changes)


def source(tenant: str, *, model: str = "large", provider: str = "lab", feature: str = "chat", service: str = "web") -> Source:
    return Source(dict(zip(NAMES, (tenant, provider, model, feature, service, "prod", "core"), strict=True)))


@dataclass
class Shop:
    """Windows one after another; every law is lognormal."""

    seed: int = 1
    build: FactsBuilder = field(default_factory=lambda: FactsBuilder(*ROLLUPS))
    at: int = 0

    def __post_init__(self):
        self.random = np.random.default_rng(self.seed)

    def window(self, *sources: Source, complete: bool = True) -> WindowFacts:
        rows: dict = {rollup: {} for rollup in ROLLUPS}
        histograms: dict = {rollup: {} for rollup in ROLLUPS}
        for each in sources:
            sums, cells = self._drawn(each)
            for rollup in ROLLUPS:
                values = tuple(each.names[dimension] for dimension in rollup)
                have, drawn = rows[rollup].setdefault(values, {}), histograms[rollup].setdefault(values, {})
                have.update({name: have.get(name, 0) + number for name, number in sums.items()})
                drawn.update({name: [*drawn.get(name, []), *more] for name, more in cells.items()})
        self.at += 1
        return self.build.window(START_MS + 10_000 * (self.at - 1), rows, histograms, complete=complete)

    def _drawn(self, each: Source) -> tuple[dict[str, int], dict[str, list[int]]]:
        count = self.random.poisson(each.per_window)
        inputs = (each.input_tokens * self.random.lognormal(-0.3, 0.8, count)).astype(int) + 1
        outputs = (each.output_tokens * self.random.lognormal(-0.2, 0.6, count)).astype(int) + 1
        nanos = ((inputs + 4 * outputs) * each.nanos_per_token).astype(int)
        sums = {"attempts": count + each.throttled, "operations": count, "successes": count, "throttled": each.throttled}
        money = {"input_tokens": int(inputs.sum()), "output_tokens": int(outputs.sum()), "known_nanos": int(nanos.sum())}
        cells = {"input_tokens": inputs.tolist(), "output_tokens": outputs.tolist(), "cost_nanos": nanos.tolist()}
        return sums | money, cells
