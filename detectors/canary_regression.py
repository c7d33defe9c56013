"""Facts of canaries and baselines -> releases whose successes cost more than the baseline's, tested while they come in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from detectors.anomaly import Abnormal, CanaryVerdict, Severity
from detectors.betting import Betting
from detectors.canary_blocks import Blocks, CanaryBlocks
from detectors.canary_models import ROLLUP, CanaryModels
from detectors.canonical import NANOS_PER_USD
from detectors.columns import Columns
from detectors.facts import Int64, RollupFacts, WindowFacts
from detectors.scope import Rollup

COHORT: Rollup = ("cohort", "release", "service")
CAP = 8.0
"""Costs of attempts are capped at so many times the baseline's mean."""
LAMBDAS = (1.0, 2.0, 4.0, 8.0, 12.0)
"""Bets; with a cap of 8 means a usual block moves a bet by about lambda / 100."""
FEW, FEW_BASELINE, CAUTIOUS = 5, 20, 3.5
"""A block with fewer attempts of the canary or of the baseline swings widely, and no bet on it is higher than this."""
BASELINE_GONE_MS = 300_000
REST_MS = 21_600_000
"""A canary that was not seen for so long begins anew."""
NONE, INSUFFICIENT_DATA, PASS, FAIL, NO_BASELINE = range(5)
VERDICTS = ("", "insufficient_data", "pass", "fail", "no_baseline")


@dataclass(slots=True)
class _State(Columns):
    """One row a slot; only canaries use theirs. Totals are attempts, successes and nano-dollars of canary, then of baseline."""

    totals: Int64 = field(default_factory=lambda: np.zeros((6, 0), np.int64))
    seen: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    verdict: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    since_ms: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    last_ms: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))


class CanaryRegression:
    """A sequential test of the cost per success of a canary against its baseline, without estimating a ratio.

    In a block with capped mean costs c and shares of successes p,
    `D = (c_canary p_baseline / (1 + delta) - c_baseline p_canary) / cap` has E[D | past] <= 0 exactly when a success of the canary
    costs at most 1 + delta of the baseline's, because the arms are independent inside a block. What shakes both arms cancels.
    A betting e-process on D fails the canary at 1 / alpha, one on -D passes it; one may look after every block.
    Blocks with few attempts say nothing for a pass.

    Verdicts: *fail* and *pass* stand once they are reached, and a later failure overrules a pass. *insufficient_data* until then;
    *no_baseline* when the canary is seen and no baseline of its service. The last two never roll back and never promote.

    The arms are not split by model: which model to call is the release's own choice, and a canary that calls a dearer one is a
    regression. The evidence shows both arms model by model.

    Args:
        alpha: chance that a canary which is not worse than 1 + delta is ever failed, however often it is looked at.
        delta: rise of the cost per success that nobody minds.
        min_requests, min_successes: attempts and successes of each arm before fail or pass; of the canary as many attempts as would
            have brought so many successes to the baseline, so that a canary that never succeeds is failed too.
    """

    name: ClassVar[str] = "canary_regression"
    needs_warm_up: ClassVar[bool] = False
    needs_money_floor: ClassVar[bool] = False

    def __init__(self, *, alpha: float = 0.01, delta: float = 0.1, min_requests: int = 50, min_successes: int = 20) -> None:
        if not 0 < alpha < 1 or delta < 0:
            raise ValueError("alpha must lie between 0 and 1, delta must not be below 0")
        self._alpha = alpha
        self._delta = delta
        self._least = (min_requests, min_successes)
        self._blocks = CanaryBlocks(cap=CAP)
        self._models = CanaryModels()
        self._worse = Betting(lambdas=LAMBDAS)
        self._better = Betting(lambdas=LAMBDAS)
        self._state = _State()
        self._verdicts: tuple[CanaryVerdict, ...] = ()

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """Cohorts of releases, and their models."""
        return (COHORT, ROLLUP)

    @property
    def verdicts(self) -> tuple[CanaryVerdict, ...]:
        """The verdicts that changed with the window judged last, by service and release."""
        return self._verdicts

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The canaries that have failed and still run."""
        seen = facts.rollups[COHORT]
        self._verdicts = ()
        if not len(seen.roster):
            return []
        self._grow(len(seen.roster))
        self._restart(seen.reused)
        blocks = self._blocks.take(seen, facts.end_ms)
        self._models.take(facts.rollups[ROLLUP], facts.end_ms - facts.start_ms)
        rows = np.flatnonzero(self._blocks.canaries & (seen.column("attempts") > 0))
        self._wake(rows, facts)
        self._state.seen[rows] += seen.column("attempts")[rows]
        self._bet(blocks, facts.end_ms)
        changed = rows[self._decide(rows, facts.end_ms)]
        self._verdicts = tuple(sorted(self._changed(changed, seen), key=lambda each: (each.service, each.release)))
        return [self._abnormal(int(row), seen) for row in rows[self._state.verdict[rows] == FAIL]]

    def _grow(self, rows: int) -> None:
        self._state.grow(rows)
        self._worse.grow(rows)
        self._better.grow(rows)

    def _restart(self, rows: Int64) -> None:
        self._state.clear(rows)
        self._worse.forget(rows)
        self._better.forget(rows)

    def _wake(self, rows: Int64, facts: WindowFacts) -> None:
        rested = rows[facts.start_ms - self._state.last_ms[rows] >= REST_MS]
        self._state.totals[:, rested] = 0
        self._state.seen[rested] = self._state.verdict[rested] = 0
        self._state.since_ms[rested] = facts.start_ms
        self._worse.forget(rested)
        self._better.forget(rested)
        self._state.last_ms[rows] = facts.end_ms

    def _bet(self, blocks: Blocks, end_ms: int) -> None:
        rows = blocks.rows
        self._state.totals[:, rows] += np.concatenate([blocks.canary, blocks.baseline])
        shares = [arm[1] / arm[0] for arm in (blocks.canary, blocks.baseline)]
        difference = blocks.canary_mean * shares[1] / (1 + self._delta) - blocks.baseline_mean * shares[0]
        many = (blocks.canary[0] >= FEW) & (blocks.baseline[0] >= FEW_BASELINE)
        highest = np.where(many, LAMBDAS[-1], CAUTIOUS)
        self._worse.take(rows, difference, highest)
        self._better.take(rows[many], -difference[many], highest[many])
        self._state.since_ms[rows[self._worse.evidence(rows) <= 1]] = end_ms

    def _decide(self, rows: Int64, end_ms: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Set the verdicts of the given rows; which of them changed."""
        attempts, _, _, base_attempts, base_successes, _ = self._state.totals[:, rows]
        min_requests, min_successes = self._least
        enough = (np.minimum(attempts, base_attempts) >= min_requests) & (base_successes >= min_successes)
        enough &= attempts * base_successes >= min_successes * base_attempts
        old = self._state.verdict[rows]
        fails = (old == FAIL) | (enough & (self._worse.evidence(rows) >= 1 / self._alpha))
        passes = (old == PASS) | (enough & (self._better.evidence(rows) >= 1 / self._alpha))
        alone = (self._state.seen[rows] >= min_requests) & (end_ms - self._blocks.baseline_ms(rows) >= BASELINE_GONE_MS)
        new = np.select([fails, passes, alone], [FAIL, PASS, NO_BASELINE], INSUFFICIENT_DATA)
        self._state.verdict[rows] = new
        return np.asarray(new != old)

    def _changed(self, rows: Int64, seen: RollupFacts) -> Iterator[CanaryVerdict]:
        for row in rows.tolist():
            scope = dict(seen.roster.scopes[row])
            verdict = VERDICTS[self._state.verdict[row]]
            yield CanaryVerdict(service=scope["service"], release=scope["release"], verdict=verdict, evidence=self._evidence(row))

    def _abnormal(self, row: int, seen: RollupFacts) -> Abnormal:
        scope = dict(seen.roster.scopes[row])
        service, release = scope["service"], scope["release"]
        evidence = self._evidence(row)
        observed, expected = (_per_success(self._state.totals[at : at + 3, row]) for at in (0, 3))
        spent, successes = int(seen.nanos[row]), int(seen.column("successes")[row])
        rise = f"{observed / expected - 1:+.0%}" if expected else "from nothing"
        return Abnormal(
            scope=(("release", release), ("service", service)),
            severity=Severity.CRITICAL,
            since_ms=int(self._state.since_ms[row]),
            observed=observed,
            expected=expected,
            unit="USD/success",
            score=1 - 1 / max(evidence["e_value"], 1.0),
            reason=f"canary {release} of {service} costs ${observed:.3g} a success, baseline ${expected:.3g} ({rise})",
            excess_nanos=max(0, spent - round(successes * expected * NANOS_PER_USD)),
            evidence={**evidence, "models": self._models.of(service, release)},
            suspected_change={
                "kind": "release",
                "service": service,
                "release": release,
                "baseline": self._models.release_of_baseline(service),
            },
        )

    def _evidence(self, row: int) -> dict[str, Any]:
        canary, baseline = self._state.totals[:3, row], self._state.totals[3:, row]
        at = np.array([row])
        return {
            "canary": _arm(canary),
            "baseline": _arm(baseline),
            "e_value": float(self._worse.evidence(at)[0]),
            "e_value_pass": float(self._better.evidence(at)[0]),
            "alpha": self._alpha,
            "delta": self._delta,
        }

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {
            "blocks": self._blocks.snapshot(),
            "models": self._models.snapshot(),
            "worse": self._worse.snapshot(),
            "better": self._better.snapshot(),
            "state": self._state.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._blocks.restore(state["blocks"])
        self._models.restore(state["models"])
        self._worse.restore(state["worse"])
        self._better.restore(state["better"])
        self._state.restore(state["state"])
        self._verdicts = ()


def _per_success(totals: Int64) -> float:
    """Dollars a success; of an arm without one, what a first success would have cost."""
    return float(totals[2]) / max(1.0, float(totals[1])) / NANOS_PER_USD


def _arm(totals: Int64) -> dict[str, Any]:
    attempts, successes, nanos = totals.tolist()
    return {
        "attempts": attempts,
        "successes": successes,
        "usd": nanos / NANOS_PER_USD,
        "usd_per_success": _per_success(totals) if successes else None,
    }
