"""Attempts outgrow operations: a client that gives up too early, or a provider that fails and is asked again."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from streams.labels import Kind
from streams.simulate.faults.base import BUDGETS, Fault, Part
from streams.simulate.operations import Operations


class RetryStorm(Fault):
    """A retry storm, by the client's fault or by the provider's.

    Attributes:
        amplification: A, attempts an operation; a client fault: each attempt but the last is cancelled by its client,
            when the provider has read the input and written a part of the output, and is paid for both.
        error_ratio: p, the share of attempts that fail; a provider fault. With m retries, A = (1 - p^(m+1)) / (1 - p).
        retries: m, retries after a provider's error.
    """

    kind: Literal["retry_storm"]
    amplification: Annotated[float, Field(gt=1, le=50)] | None = None
    error_ratio: Part | None = None
    retries: Annotated[int, Field(ge=1, le=20)] = 3

    @model_validator(mode="after")
    def _one_cause(self) -> "RetryStorm":
        if (self.amplification is None) == (self.error_ratio is None):
            raise ValueError("needs either amplification (the client's fault) or error_ratio (the provider's)")
        return self

    @property
    def label_kind(self) -> Kind:
        """Its own detector."""
        return "retry_storm"

    @property
    def also(self) -> tuple[Kind, ...]:
        """Wasted attempts cost tokens and dollars; a provider's errors are a surge."""
        return ("error_surge", "request_burst", "token_spike", "cost_spike", "latency_regression", "cost_per_outcome", *BUDGETS)

    def strike(self, operations: Operations, hit: NDArray[np.int64], random: np.random.Generator) -> None:  # noqa: ARG002 (the hook's signature)
        """Raise the attempts that clients cancel, or the attempts that fail."""
        if self.amplification is not None:
            operations.amplification[hit] = self.amplification
        if self.error_ratio is not None:
            operations.error_ratio[hit] = self.error_ratio
            operations.retries[hit] = self.retries
