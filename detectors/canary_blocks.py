"""Facts of (cohort, release, service) -> blocks in which a canary and the baseline of its service were both seen."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.buckets import MIDDLE
from detectors.columns import Columns
from detectors.facts import Bool, Float64, Int64, RollupFacts
from detectors.roster import Roster

ENOUGH_BASELINE = 10
"""A block is as many windows as it takes to see so many attempts of the baseline."""
LONGEST = 30
"""A block that did not get there in so many windows is left out."""
MEMORY = 2_000
"""Attempts of the baseline that its mean cost remembers."""
_CANARY, _BASELINE = 1, 2
_COHORTS = {"canary": _CANARY, "baseline": _BASELINE}


def _int() -> Int64:
    return np.zeros(0, np.int64)


def _float() -> Float64:
    return np.zeros(0)


@dataclass(slots=True)
class _Arm(Columns):
    """Sums of the open block."""

    attempts: Int64 = field(default_factory=_int)
    successes: Int64 = field(default_factory=_int)
    nanos: Int64 = field(default_factory=_int)
    capped_nanos: Float64 = field(default_factory=_float)


@dataclass(slots=True)
class _Services(Columns):
    """One row a service: the cap of its open block, the windows in it, its mean cost of a baseline attempt, when it was seen."""

    cap_nanos: Float64 = field(default_factory=_float)
    windows: Int64 = field(default_factory=_int)
    mean_nanos: Float64 = field(default_factory=_float)
    weight: Float64 = field(default_factory=_float)
    baseline_ms: Int64 = field(default_factory=_int)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks that ended with this window; arrays of shape (n,), one a canary row.

    Attributes:
        rows: slots of the canaries.
        canary, baseline: attempts, successes and nano-dollars of both arms, shape (3, n).
        canary_mean, baseline_mean: capped cost an attempt as a share of the cap, 0..1.
    """

    rows: Int64
    canary: Int64
    baseline: Int64
    canary_mean: Float64
    baseline_mean: Float64


class CanaryBlocks:
    """Cuts the stream into blocks, service by service, and caps what an attempt costs.

    The cap is `cap` times what the mean attempt of the baseline cost before the block. A row is a slot of the roll-up; the baseline
    of a service is all its records with cohort=baseline, whatever their release.
    """

    def __init__(self, *, cap: float) -> None:
        self._cap = cap
        self._canary = _Arm()
        self._baseline = _Arm()
        self._services = _Services()
        self._numbers: dict[str, int] = {}
        self._service = np.zeros(0, np.int64)
        self._cohort = np.zeros(0, np.int64)

    def take(self, facts: RollupFacts, end_ms: int) -> Blocks:
        """Book one window; the blocks that end with it."""
        self._admit(facts.roster)
        rows, count = len(facts.roster), len(self._numbers)
        sums = np.stack([facts.column("attempts"), facts.column("successes"), facts.nanos])
        capped = self._capped(facts)
        _add(self._canary, np.where(self.canaries, sums, 0), np.where(self.canaries, capped, 0.0))
        base = self._cohort == _BASELINE
        sums, services = sums[:, base], self._service[base]
        now = np.stack([np.bincount(services, weights=each, minlength=count) for each in sums]).astype(np.int64)
        now_capped = np.bincount(services, weights=capped[base], minlength=count).astype(np.float64)
        _add(self._baseline, now, now_capped)
        self._services.windows[:count] += 1
        self._services.baseline_ms[:count][now[0] > 0] = end_ms
        self._learn(now[0], now_capped)
        return self._close(rows, count)

    @property
    def canaries(self) -> Bool:
        """Which slots are canaries, shape (rows,)."""
        return np.asarray(self._cohort == _CANARY)

    def baseline_ms(self, rows: Int64) -> Int64:
        """End of the last window in which the baseline of each given row was seen, 0 for never; shape (n,)."""
        return np.asarray(self._services.baseline_ms[self._service[rows]])

    def _admit(self, roster: Roster) -> None:
        known = len(self._service)
        if known < len(roster):
            more = np.zeros(len(roster) - known, np.int64)
            self._service, self._cohort = np.concatenate([self._service, more]), np.concatenate([self._cohort, more])
        for slot in [*roster.reused.tolist(), *range(known, len(roster))]:
            scope = dict(roster.scopes[slot])
            self._service[slot] = self._numbers.setdefault(scope["service"], len(self._numbers))
            self._cohort[slot] = _COHORTS.get(scope["cohort"], 0)
        self._canary.grow(len(roster))
        self._canary.clear(roster.reused)
        self._baseline.grow(len(self._numbers))
        self._services.grow(len(self._numbers))

    def _capped(self, facts: RollupFacts) -> Float64:
        """Sum of the capped costs of the attempts of each row, shape (rows,); without a cap where none is known yet."""
        cost = facts.histograms["cost_nanos"]
        caps = self._services.cap_nanos[self._service[cost.row]]
        each = np.minimum(MIDDLE[cost.bucket], np.where(caps > 0, caps, np.inf))
        return np.bincount(cost.row, weights=cost.count * each, minlength=len(facts.roster)).astype(np.float64)

    def _learn(self, attempts: Int64, capped: Float64) -> None:
        count = len(attempts)
        mean, weight = self._services.mean_nanos[:count], self._services.weight[:count]
        mean[:] = (mean * weight + capped) / np.maximum(weight + attempts, 1)
        weight[:] = np.minimum(weight + attempts, MEMORY)

    def _close(self, rows: int, count: int) -> Blocks:
        """Blocks that are whole; they and those that last too long begin anew, with a new cap."""
        services = self._services
        whole = self._baseline.attempts[:count] >= ENOUGH_BASELINE
        useful = (whole & (services.cap_nanos[:count] > 0))[self._service]
        ended = np.flatnonzero(self.canaries & useful & (self._canary.attempts[:rows] > 0))
        at = self._service[ended]
        blocks = Blocks(
            rows=ended,
            canary=_sums(self._canary, ended),
            baseline=_sums(self._baseline, at),
            canary_mean=_mean(self._canary, ended, services.cap_nanos[at]),
            baseline_mean=_mean(self._baseline, at, services.cap_nanos[at]),
        )
        over = np.flatnonzero(whole | (services.windows[:count] >= LONGEST))
        _clear(self._baseline, over)
        _clear(self._canary, np.flatnonzero(np.isin(self._service, over)))
        services.windows[over] = 0
        services.cap_nanos[over] = self._cap * services.mean_nanos[over]
        return blocks

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back; what is known of slots follows from the roster."""
        return {
            "canary": self._canary.snapshot(),
            "baseline": self._baseline.snapshot(),
            "services": self._services.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._canary.restore(state["canary"])
        self._baseline.restore(state["baseline"])
        self._services.restore(state["services"])
        self._numbers = {}
        self._service, self._cohort = np.zeros(0, np.int64), np.zeros(0, np.int64)


def _add(arm: _Arm, sums: Int64, capped: Float64) -> None:
    for array, each in zip((arm.attempts, arm.successes, arm.nanos, arm.capped_nanos), (*sums, capped), strict=True):
        array[: len(capped)] += each


def _clear(arm: _Arm, rows: Int64) -> None:
    for array in (arm.attempts, arm.successes, arm.nanos, arm.capped_nanos):
        array[rows] = 0


def _sums(arm: _Arm, rows: Int64) -> Int64:
    return np.stack([arm.attempts[rows], arm.successes[rows], arm.nanos[rows]])


def _mean(arm: _Arm, rows: Int64, cap_nanos: Float64) -> Float64:
    return np.asarray(arm.capped_nanos[rows] / (arm.attempts[rows] * cap_nanos))
