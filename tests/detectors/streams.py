"""A seed -> windows of facts of a small house, calm or faulty, for tests that run over every detector."""

import copy
from dataclasses import dataclass, field

import numpy as np

from detectors.buckets import MIDDLE, bucket_of
from detectors.budget import Budget
from detectors.facts import RollupFacts, WindowFacts
from detectors.roster import FORGET_MS, Roster
from detectors.scope import Rollup
from tests.detectors.builders import FactsBuilder

ROLLUPS: tuple[Rollup, ...] = (
    (),
    ("tenant",),
    ("provider",),
    ("model",),
    ("env", "team"),
    ("feature",),
    ("service",),
    ("provider", "tenant"),
    ("feature", "model"),
    ("cohort", "release", "service"),
    ("cohort", "model", "release", "service"),
)
START_MS = 1_700_006_400_000  # a Wednesday, midnight in UTC
DAY_MS = 86_400_000
BUDGET = Budget(name="acme", scope=(("tenant", "acme"),), amount_nanos=50 * 10**9, period="day")
TENANTS = ("acme", "bolt", "core")


@dataclass(frozen=True)
class Source:
    """Requests of one kind: who asks, how many a window, and what goes wrong; numbers are means."""

    values: dict[str, str]
    rate: float = 40.0
    nanos: int = 10_000
    tokens: int = 500
    retry_ratio: float = 0.03
    failed_ratio: float = 0.02
    unknown: bool = False


@dataclass
class House:
    """Sums sources into every roll-up; `order` shuffles them, which must change nothing."""

    seed: int = 1
    order: int = 0
    build: FactsBuilder = field(default_factory=lambda: FactsBuilder(*ROLLUPS))

    @classmethod
    def with_strangers(cls) -> "House":
        """Every roll-up has two scopes already, who never say anything."""
        house = cls()
        house.build.window(START_MS, {each: {("000",) * len(each): {}, ("zzz",) * len(each): {}} for each in ROLLUPS if each})
        return house

    @classmethod
    def haunted(cls) -> "tuple[House, list[WindowFacts]]":
        """Long ago every roll-up had scopes of which nobody has heard since: their windows, and the house that they were in."""
        house, rosters = cls(), {}
        sums = {"attempts": 40, "operations": 30, "retries": 10, "successes": 20, "server_errors": 20, "unknown_price": 40}
        row = {**sums, "input_tokens": 9_000, "output_tokens": 900, "assumed_nanos": 5_000_000, "wasted_nanos": 2_500_000}
        sizes = {"cost_nanos": {125_000: 40}, "input_tokens": {225: 40}, "output_tokens": {22: 40}}
        windows = []
        for number in range(40):
            ghosts = {each: [tuple(f"ghost-{n}" for _ in each) for n in range(8)] for each in ROLLUPS if each}
            rows = {each: dict.fromkeys(scopes, row) for each, scopes in ghosts.items()}
            counts = {each: dict.fromkeys(scopes, sizes) for each, scopes in ghosts.items()}
            start_ms = START_MS - FORGET_MS - DAY_MS + number * house.build.window_ms
            windows.append(house._kept(house.build.window(start_ms, rows, counts), rosters))
        return house, windows

    def windows(self, sources: "list[list[Source]]") -> list[WindowFacts]:
        """One window a list of sources, in order; none can be written to, and each has the rosters of its own time."""
        rosters: dict[Rollup, Roster] = {}
        return [self._kept(self.window(number, each), rosters) for number, each in enumerate(sources)]

    def _kept(self, facts: WindowFacts, rosters: dict[Rollup, Roster]) -> WindowFacts:
        rollups = {}
        for rollup, own in facts.rollups.items():
            known = rosters.get(rollup)
            if known is None or len(known) != len(own.roster) or known.reused.tolist() != own.roster.reused.tolist():
                rosters[rollup] = copy.deepcopy(own.roster)
            rollups[rollup] = RollupFacts(rosters[rollup], own.sums, own.histograms)
            arrays = [own.sums, *(array for each in own.histograms.values() for array in (each.row, each.bucket, each.count))]
            for array in arrays:
                array.flags.writeable = False
        return WindowFacts(facts.start_ms, facts.end_ms, rollups)

    def window(self, number: int, sources: list[Source]) -> WindowFacts:
        """Window `number`; what a source does in it depends on the seed, the number and the source alone."""
        rows: dict[Rollup, dict[tuple[str, ...], dict[str, int]]] = {}
        counts: dict[Rollup, dict[tuple[str, ...], dict[str, dict[int, int]]]] = {}
        for source in np.random.default_rng(self.order).permutation(np.array(sources, object)) if self.order else sources:
            sums, costs = self._sums(number, source)
            for rollup in ROLLUPS:
                if all(dimension in source.values for dimension in rollup):
                    values = tuple(source.values[dimension] for dimension in rollup)
                    own = rows.setdefault(rollup, {}).setdefault(values, {})
                    for name, value in sums.items():
                        own[name] = own.get(name, 0) + value
                    cells = counts.setdefault(rollup, {}).setdefault(values, {})
                    for name, each in costs.items():
                        cell = cells.setdefault(name, {})
                        for value, count in each.items():
                            cell[value] = cell.get(value, 0) + count
        return self.build.window(START_MS + number * self.build.window_ms, rows, counts)

    def _sums(self, number: int, source: Source) -> tuple[dict[str, int], dict[str, dict[int, int]]]:
        key = [self.seed, number, *"".join(source.values.values()).encode()]
        random = np.random.default_rng(key)
        operations = int(random.poisson(source.rate))
        retries = int(random.poisson(operations * source.retry_ratio))
        attempts = operations + retries
        failed = int(random.binomial(attempts, source.failed_ratio))
        size = random.lognormal(-0.125, 0.5, attempts)
        nanos, tokens = ((size * mean).astype(np.int64) for mean in (source.nanos, source.tokens))
        sums = {
            "attempts": attempts,
            "operations": operations,
            "retries": retries,
            "successes": attempts - failed,
            "server_errors": failed,
            "input_tokens": int(tokens.sum()),
            "output_tokens": int(tokens.sum()) // 2,
            "assumed_nanos" if source.unknown else "known_nanos": int(nanos.sum()),
            "wasted_nanos": int(nanos[:failed].sum()),
            "unknown_price": attempts if source.unknown else 0,
        }
        histograms = {"cost_nanos": nanos, "input_tokens": tokens, "output_tokens": tokens // 2}
        return sums, {name: _counted(values) for name, values in histograms.items()}


def _counted(values: "np.ndarray") -> dict[int, int]:
    unique, count = np.unique(np.ceil(MIDDLE[bucket_of(values)]).astype(np.int64), return_counts=True)
    return dict(zip(unique.tolist(), count.tolist(), strict=True))


def calm(windows: int, *, grows_at: int | None = None) -> list[list[Source]]:
    """Three tenants, two providers, a canary that is like its baseline; a fourth tenant from window `grows_at` on."""
    usual = [
        Source({"tenant": tenant, "provider": provider, "model": "m1", "feature": "chat", "service": "gateway"}, rate=rate)
        for tenant, provider, rate in (("acme", "p1", 40), ("bolt", "p1", 20), ("core", "p2", 10))
    ]
    arms = [
        Source({"cohort": cohort, "release": release, "service": "answers", "model": "m1", "tenant": "acme"}, rate=rate)
        for cohort, release, rate in (("baseline", "v1", 40), ("canary", "v2", 10))
    ]
    new = Source({"tenant": "dune", "provider": "p2", "model": "m1", "feature": "mail", "service": "gateway"}, rate=15)
    return [[*usual, *arms, *([new] if grows_at is not None and number >= grows_at else [])] for number in range(windows)]


def faulty(windows: int, *, begins_at: int) -> list[list[Source]]:
    """The calm stream; from `begins_at` on a spike, a storm, a bad canary, an unknown model and a silent service, all at once."""
    before = calm(windows)[:begins_at]
    quiet = Source({"service": "quiet", "env": "prod", "team": "search"}, rate=30)
    usual = calm(1)[0]
    spike = Source({**usual[0].values}, rate=400, nanos=5_000_000)
    storm = Source({**usual[1].values}, rate=20, retry_ratio=4.0, failed_ratio=0.8)
    canary = Source({**usual[4].values}, rate=10, nanos=30_000)
    unknown = Source({"model": "new", "tenant": "core", "provider": "p2"}, rate=5, unknown=True)
    after = [spike, storm, usual[2], usual[3], canary, unknown]
    return [[*each, quiet] for each in before] + [after] * (windows - begins_at)
