"""Facts of (cohort, model, release, service) -> what each model costs in both arms of a canary, to explain a verdict."""

from typing import Any

import numpy as np

from detectors.canonical import NANOS_PER_USD
from detectors.facts import Float64, RollupFacts
from detectors.roster import Roster
from detectors.scope import Rollup

ROLLUP: Rollup = ("cohort", "model", "release", "service")
HALF_LIFE_MS = 1_800_000
MOST = 5


class CanaryModels:
    """Attempts and nano-dollars of each slot, forgotten with a half-life of 30 min."""

    def __init__(self) -> None:
        self._sums: Float64 = np.zeros((2, 0))
        self._roster = Roster(ROLLUP)

    def take(self, facts: RollupFacts, span_ms: int) -> None:
        """Book one window."""
        now = np.stack([facts.column("attempts"), facts.nanos]).astype(np.float64)
        self._sums[:, facts.reused[facts.reused < self._sums.shape[1]]] = 0
        now[:, : self._sums.shape[1]] += self._sums * 0.5 ** (span_ms / HALF_LIFE_MS)
        self._sums, self._roster = now, facts.roster

    def of(self, service: str, release: str) -> list[dict[str, Any]]:
        """The models of a canary and its baseline, those with most attempts of the canary first; at most 5."""
        arms: dict[str, Float64] = {}
        for slot, scope in enumerate(self._roster.scopes):
            values = dict(scope)
            own = {"canary": 0, "baseline": 1}.get(values["cohort"], 2)
            if values["service"] == service and (own == 1 or (own == 0 and values["release"] == release)):
                arms.setdefault(values["model"], np.zeros((2, 2)))[own] += self._sums[:, slot]
        ranked = sorted(arms.items(), key=lambda each: (-each[1][0, 0], -each[1][1, 0], each[0]))
        return [
            {"model": model, "canary": _arm(sums[0]), "baseline": _arm(sums[1])}
            for model, sums in ranked[:MOST]
            if sums[:, 0].sum() >= 1
        ]

    def release_of_baseline(self, service: str) -> str:
        """The release that serves most of the baseline of a service; "" without one."""
        attempts: dict[str, float] = {}
        for slot, scope in enumerate(self._roster.scopes):
            values = dict(scope)
            if values["cohort"] == "baseline" and values["service"] == service:
                attempts[values["release"]] = attempts.get(values["release"], 0.0) + float(self._sums[0, slot])
        return min(attempts, key=lambda release: (-attempts[release], release), default="")

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back; the roster comes with the next window."""
        return {"sums": self._sums.copy()}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._sums, self._roster = np.array(state["sums"], np.float64), Roster(ROLLUP)


def _arm(sums: Float64) -> dict[str, Any]:
    attempts, nanos = sums.tolist()
    return {"attempts": round(attempts), "usd_per_attempt": nanos / attempts / NANOS_PER_USD if attempts >= 1 else None}
