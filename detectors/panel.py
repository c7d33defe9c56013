"""One complete window -> one judgement: every detector asked, severities capped, episodes kept."""

import inspect
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

import msgspec

from detectors import DETECTORS
from detectors.anomaly import Abnormal, Anomaly, BudgetState, CanaryVerdict, Judgement, Severity
from detectors.base import Detector, explained
from detectors.canonical import time_text
from detectors.episodes import Episodes
from detectors.facts import Float64, RollupFacts, WindowFacts
from detectors.scope import Rollup, rollup_of
from detectors.setup import Setup

LIVE_MS = 3_600_000
"""A scope is live when it had an operation in the last hour."""

_PANEL_KEYWORDS = frozenset({"enabled", "calm_ms"})


def build(setup: Setup) -> tuple[Detector, ...]:
    """The enabled detectors in the order of their names, with the keywords that the setup gives them.

    Raises:
        ValueError: when a detector refuses its keywords; the message names it.
    """
    built = []
    for name, detector in sorted(DETECTORS.items()):
        keywords = dict(setup.detectors.get(name, {}))
        if not keywords.get("enabled", True):
            continue
        keywords = {key: value for key, value in keywords.items() if key not in _PANEL_KEYWORDS}
        if "budgets" in inspect.signature(detector).parameters:
            keywords["budgets"] = setup.budgets
        try:
            built.append(detector(**keywords))
        except TypeError as error:
            raise ValueError(f"detectors.{name}: {error}") from error
    return tuple(built)


class Panel:
    """All detectors at one table; design 4.2 says when an anomaly is written and how severe it may be."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.detectors = build(setup)
        self._calm_ms = {name: int(each["calm_ms"]) for name, each in setup.detectors.items() if "calm_ms" in each}
        self.episodes = Episodes(calm_ms=setup.calm_ms, policy_version=setup.policy_version)

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The roll-ups that the detectors read, sorted, each once."""
        return tuple(sorted({rollup for detector in self.detectors for rollup in detector.rollups}))

    def judge(self, facts: WindowFacts) -> Judgement:
        """What was found in this window; windows come in order."""
        anomalies = tuple(anomaly for detector in self.detectors for anomaly in self._ask(detector, facts))
        if not facts.complete:
            self.episodes.hold(facts.start_ms, facts.end_ms)
        for each in facts.rollups.values():
            each.roster.count_operations(each.column("operations"), facts.end_ms)
        return Judgement(
            window_start=time_text(facts.start_ms),
            window_end=time_text(facts.end_ms),
            anomalies=anomalies,
            ended=tuple(self.episodes.end(facts.end_ms, calm_ms=self._calm_ms)),
            alarming=self.episodes.alarming(facts.end_ms),
            live={
                "+".join(rollup) or "global": each.roster.live(facts.end_ms, within_ms=LIVE_MS)
                for rollup, each in sorted(facts.rollups.items())
            },
            budgets=tuple(self._budgets()),
            verdicts=tuple(self._verdicts()),
            blind={str(each.partition): each.why for each in facts.blind},
        )

    def _ask(self, detector: Detector, facts: WindowFacts) -> Iterator[Anomaly]:
        abnormals = detector.judge(facts)
        if abnormals:
            warm = _Warmth(facts.rollups, facts.end_ms, self.setup)
            abnormals = [self._capped(detector, each, warm) for each in abnormals]
            yield from self.episodes.take(detector.name, abnormals, facts.end_ms, say=partial(_said, detector, facts))

    def _capped(self, detector: Detector, abnormal: Abnormal, warm: "_Warmth") -> Abnormal:
        if abnormal.severity.rank <= Severity.WARNING.rank:
            return abnormal
        cold = detector.needs_warm_up and not warm.of(abnormal)
        cost_nanos = self.episodes.cost_nanos(detector.name, abnormal.scope) + abnormal.excess_nanos
        if cold or (detector.needs_money_floor and cost_nanos < self.setup.money_floor_nanos):
            return msgspec.structs.replace(abnormal, severity=Severity.WARNING)
        return abnormal

    def _budgets(self) -> Iterator[BudgetState]:
        for detector in self.detectors:
            yield from getattr(detector, "budget_states", ())

    def _verdicts(self) -> Iterator[CanaryVerdict]:
        for detector in self.detectors:
            yield from getattr(detector, "verdicts", ())

    def expected_nanos(self) -> dict[Rollup, Float64]:
        """Nano-dollars that were to be expected of the last window, by roll-up and slot, as far as a detector forecasts them."""
        for detector in self.detectors:
            if isinstance(detector, Forecaster):
                return detector.expected_nanos()
        return {}

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"episodes": self.episodes.snapshot(), "detectors": {each.name: each.snapshot() for each in self.detectors}}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw. A detector that the snapshot does not know starts anew."""
        self.episodes.restore(state["episodes"])
        for detector in self.detectors:
            if detector.name in state["detectors"]:
                detector.restore(state["detectors"][detector.name])


def _said(detector: Detector, facts: WindowFacts, abnormal: Abnormal) -> Abnormal:
    """All that is to be told; evidence from a window without all of the traffic says so."""
    abnormal = explained(detector, facts, abnormal)
    if facts.complete:
        return abnormal
    incomplete = [str(each.partition) for each in facts.blind]
    return msgspec.structs.replace(abnormal, evidence={**abnormal.evidence, "incomplete": incomplete})


@runtime_checkable
class Forecaster(Protocol):
    """A detector that knows what a window should have cost."""

    def expected_nanos(self) -> dict[Rollup, Float64]:
        """Nano-dollars by roll-up and slot; NaN where nothing is known yet."""
        ...


class _Warmth:
    """Which scopes have enough history; computed once a roll-up."""

    def __init__(self, rollups: Mapping[Rollup, RollupFacts], end_ms: int, setup: Setup) -> None:
        self._rollups = rollups
        self._end_ms = end_ms
        self._setup = setup

    def of(self, abnormal: Abnormal) -> bool:
        """True for warm scopes and for those that no roster knows."""
        facts = self._rollups.get(rollup_of(abnormal.scope))
        slot = facts.roster.slot(tuple(value for _, value in abnormal.scope)) if facts else None
        if facts is None or slot is None:
            return True
        warm = facts.roster.warm(
            self._end_ms, after_ms=self._setup.warm_after_ms, after_operations=self._setup.warm_after_operations
        )
        return bool(warm[slot])
