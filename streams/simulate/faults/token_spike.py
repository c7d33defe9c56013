"""A scope uses N times its tokens: by N times the requests, or by requests N times as large."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streams.labels import Kind
from streams.simulate.faults.base import BUDGETS, Factor, Fault
from streams.simulate.operations import Operations


class TokenSpike(Fault):
    """A loop, an abuser, a launch (`rate`), or a prompt that grew (`size`)."""

    kind: Literal["token_spike"]
    by: Literal["rate", "size"] = "rate"
    factor: Factor

    @property
    def label_kind(self) -> Kind:
        """Its own detector."""
        return "token_spike"

    @property
    def also(self) -> tuple[Kind, ...]:
        """More tokens are more dollars; more requests are a burst, larger ones are slower and dearer an outcome."""
        channel: tuple[Kind, ...] = ("request_burst",) if self.by == "rate" else ("latency_regression", "cost_per_outcome")
        return ("cost_spike", *channel, *BUDGETS)

    def rate_factor(self) -> float:
        """N for a spike by rate."""
        return self.factor if self.by == "rate" else 1.0

    def strike(self, operations: Operations, hit: NDArray[np.int64], random: np.random.Generator) -> None:  # noqa: ARG002 (the hook's signature)
        """N times input and output for a spike by size."""
        if self.by == "size":
            operations.input_tokens[hit] *= self.factor
            operations.output_tokens[hit] *= self.factor
