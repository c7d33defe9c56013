"""A scope's requests go to a dearer model: the same tokens, many times the dollars."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streams.labels import Kind
from streams.simulate.faults.base import BUDGETS, Fault, Part
from streams.simulate.operations import Operations


class CostSpike(Fault):
    """A routing rule or a default that changed; `share` of the requests go to `model`."""

    kind: Literal["cost_spike"]
    model: str
    share: Part = 1.0

    @property
    def label_kind(self) -> Kind:
        """Its own detector."""
        return "cost_spike"

    @property
    def also(self) -> tuple[Kind, ...]:
        """The model that receives the traffic sees a spike of tokens and requests."""
        return ("routing_shift", "cost_per_outcome", "token_spike", "request_burst", "latency_regression", *BUDGETS)

    @property
    def destination(self) -> str:
        """The dear model."""
        return self.model

    def strike(self, operations: Operations, hit: NDArray[np.int64], random: np.random.Generator) -> None:
        """Send a share of the requests to the dear model."""
        operations.reroute(hit[random.random(len(hit)) < self.share], self.model)

    def labelled_scope(self) -> dict[str, str]:
        """The scope and the model that received its traffic."""
        return dict(self.scope) | {"model": self.model}
