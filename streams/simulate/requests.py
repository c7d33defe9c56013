"""Rates of a stretch of time -> the operations that begin in it, with the faults that strike them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.simulate.faults import Fault, Rollout, TelemetrySilence
from streams.simulate.lanes import Lanes
from streams.simulate.operations import Operations
from streams.simulate.pace import Pace
from streams.simulate.scenario import STEP_MS, Scenario

Float64 = NDArray[np.float64]
_MOST_TOKENS = 2_000_000  # no context window is larger


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault and the lanes of its scope."""

    fault: Fault
    lanes: NDArray[np.bool_]


class Requests:
    """Draws the operations of a scenario, stretch by stretch."""

    def __init__(self, scenario: Scenario, lanes: Lanes) -> None:
        self.pace = Pace(scenario, lanes)
        self._scenario = scenario
        self._lanes = lanes
        self._struck = tuple(Struck(fault, lanes.of(fault.scope)) for fault in scenario.faults if not isinstance(fault, Rollout))

    def draw(self, start_ms: int, count: int, random: np.random.Generator) -> Operations:
        """The operations that begin in `count` steps from `start_ms` on, in the order of their beginning."""
        rates = self.pace.steps(start_ms, count, random)
        step_ms = start_ms + STEP_MS * np.arange(count, dtype=np.float64)
        for each in self._struck:
            factor = each.fault.rate_factor()
            if factor != 1.0:
                rates[np.ix_(each.lanes, each.fault.active(step_ms, self._scenario.start_ms))] *= factor
        numbers = random.poisson(rates * (STEP_MS / 1000))
        lane, step = (np.repeat(index.ravel(), numbers.ravel()) for index in np.indices(numbers.shape))
        at_ms = step_ms[step] + STEP_MS * random.random(len(step))
        order = np.argsort(at_ms, kind="stable")
        operations = self._sized(at_ms[order], lane[order], random)
        self._strike(operations, random)
        return operations

    def _sized(self, at_ms: Float64, lane: NDArray[np.int64], random: np.random.Generator) -> Operations:
        figures, count = self._lanes.figures, len(lane)
        inputs = np.exp(figures["input_mu"][lane] + figures["input_sigma"][lane] * random.standard_normal(count))
        long = random.random(count) < self._scenario.long_context.ratio
        inputs[long] *= self._scenario.long_context.factor
        return Operations(
            start_ms=at_ms,
            lane=lane,
            towards=self._lanes.towards,
            input_tokens=inputs,
            output_tokens=np.exp(figures["output_mu"][lane] + figures["output_sigma"][lane] * random.standard_normal(count)),
            error_ratio=np.full(count, self._scenario.error_ratio),
            retries=np.full(count, self._scenario.retries, dtype=np.int64),
            amplification=np.ones(count),
        )

    def _strike(self, operations: Operations, random: np.random.Generator) -> None:
        for each in self._struck:
            active = each.fault.active(operations.start_ms, self._scenario.start_ms)
            if active.any():
                each.fault.strike(operations, np.flatnonzero(active & each.lanes[operations.lane]), random)
        np.clip(operations.input_tokens, 1, _MOST_TOKENS, out=operations.input_tokens)
        np.clip(operations.output_tokens, 1, _MOST_TOKENS, out=operations.output_tokens)

    def heard(self, lane: NDArray[np.int64], ts_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which attempts leave a record: those that no silence swallows."""
        heard = np.ones(len(lane), dtype=np.bool_)
        for each in self._struck:
            if isinstance(each.fault, TelemetrySilence):
                heard &= ~(each.fault.active(ts_ms.astype(np.float64), self._scenario.start_ms) & each.lanes[lane])
        return heard
