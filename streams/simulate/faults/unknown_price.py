"""A scope's requests go to a model that no price book knows."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streams.labels import Kind
from streams.simulate.faults.base import BUDGETS, Fault, Part
from streams.simulate.operations import Operations


class UnknownPrice(Fault):
    """A model that is newer than the book; `share` of the requests go to it."""

    kind: Literal["unknown_price"]
    model: str
    provider: str = "newcomer"
    share: Part = 0.2

    @property
    def label_kind(self) -> Kind:
        """Its own detector."""
        return "unknown_price"

    @property
    def also(self) -> tuple[Kind, ...]:
        """Unknown models are charged at the upper bound, so that dollars rise too."""
        return ("cost_spike", "token_spike", "request_burst", "routing_shift", "cost_per_outcome", *BUDGETS)

    @property
    def destination(self) -> str:
        """The unknown model."""
        return self.model

    def strike(self, operations: Operations, hit: NDArray[np.int64], random: np.random.Generator) -> None:
        """Send a share of the requests to the unknown model."""
        operations.reroute(hit[random.random(len(hit)) < self.share], self.model)

    def labelled_scope(self) -> dict[str, str]:
        """The model is whom the anomaly names."""
        return dict(self.scope) | {"model": self.model}
