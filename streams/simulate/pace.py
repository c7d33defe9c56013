"""Lanes and time -> operations a second of every lane: the daily wave, correlated noise, benign bursts."""

import numpy as np
from numpy.typing import NDArray

from streams.simulate.lanes import Lanes
from streams.simulate.scenario import STEP_MS, Scenario

Float64 = NDArray[np.float64]
_DAY_MS = 86_400_000
_SATURDAY = 2  # 1970-01-01 was a Thursday: day 2 of the epoch, and every seventh after it


class Pace:
    """The rates of a scenario, step by step; noise and bursts remember what they were."""

    def __init__(self, scenario: Scenario, lanes: Lanes) -> None:
        self._noise = scenario.noise
        self._bursts = scenario.bursts
        self._lanes = lanes
        tenants = lanes.tenants
        self._amplitude = np.array([group.amplitude for group in tenants])
        self._peak_ms = np.array([group.peak_hour * 3_600_000 for group in tenants])
        self._weekend = np.array([group.weekend for group in tenants])
        self._log = np.random.default_rng([scenario.seed, 0xA71]).standard_normal(len(tenants)) * scenario.noise.sd
        self._burst_left = np.zeros(len(tenants), dtype=np.int64)

    def wave(self, at_ms: Float64) -> Float64:
        """The daily and weekly wave, mean 1 over a weekday; shape (tenants, times)."""
        phase = 2 * np.pi * (at_ms[None, :] - self._peak_ms[:, None]) / _DAY_MS
        day = (at_ms // _DAY_MS).astype(np.int64) % 7
        weekend = np.where((day == _SATURDAY) | (day == _SATURDAY + 1), self._weekend[:, None], 1.0)
        return np.asarray((1 + self._amplitude[:, None] * np.cos(phase)) * weekend)

    def ordinary(self, at_ms: float) -> Float64:
        """Operations a second of every lane without noise, bursts and faults; shape (lanes,)."""
        return np.asarray(self._lanes.figures["rate"] * self.wave(np.array([at_ms]))[self._lanes.tenant, 0])

    def steps(self, start_ms: int, count: int, random: np.random.Generator) -> Float64:
        """Operations a second of every lane in `count` steps from `start_ms` on; shape (lanes, count). To be asked in order."""
        at_ms = start_ms + STEP_MS * np.arange(count, dtype=np.float64)
        tenants = self.wave(at_ms) * self._weather(count, random)
        return np.asarray(self._lanes.figures["rate"][:, None] * tenants[self._lanes.tenant])

    def _weather(self, count: int, random: np.random.Generator) -> Float64:
        shocks = random.standard_normal((count, len(self._log)))
        begins = random.random((count, len(self._log))) < self._bursts.per_day * STEP_MS / _DAY_MS
        keep = 0.5 ** (STEP_MS / max(self._noise.half_life_ms, 1))
        fresh = self._noise.sd * np.sqrt(1 - keep**2)
        out = np.empty((count, len(self._log)))
        for step in range(count):
            self._log = keep * self._log + fresh * shocks[step]
            self._burst_left = np.where(begins[step], self._bursts.for_ms // STEP_MS, np.maximum(self._burst_left - 1, 0))
            out[step] = np.where(self._burst_left > 0, self._bursts.factor, 1.0)
            out[step] *= np.exp(self._log - self._noise.sd**2 / 2)
        return out.T
