"""A scripted fault: when it is on, whom it strikes, how the traffic changes and which label tells the truth about it."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from actions.policy.words import AnyScope, Duration, Section, written
from detectors.canonical import time_text
from streams.labels import Kind, Label
from streams.simulate.operations import Operations

Factor = Annotated[float, Field(ge=1, le=1_000)]
Part = Annotated[float, Field(gt=0, le=1)]
BUDGETS: tuple[Kind, ...] = ("budget_burn", "budget_threshold", "budget_forecast")
"""Whoever spends too much eats a budget as well."""


class Fault(Section):
    """What all faults have in common; each kind overrides the hooks it needs.

    Attributes:
        at: from the scenario's start to the first moment of the fault.
        for_ms: how long it lasts, written `for`.
        scope: whose requests it strikes; `{}` is everybody's.
    """

    at: Duration
    for_ms: Duration = written("for", "20m")
    scope: AnyScope = ()

    @field_validator("at", "for_ms")
    @classmethod
    def _whole_seconds(cls, value: int) -> int:
        if value % 1000:
            raise ValueError("should be whole seconds, because labels are")
        return value

    @property
    def label_kind(self) -> Kind | None:
        """The detector that should find it; None for what is no fault, such as a good canary."""
        return None

    @property
    def also(self) -> tuple[Kind, ...]:
        """Other detectors that name the same incident rightly."""
        return ()

    @property
    def destination(self) -> str | None:
        """A model that requests are moved to, besides those of the routes."""
        return None

    def active(self, at_ms: NDArray[np.float64], start_ms: int) -> NDArray[np.bool_]:
        """Which of the times lie in the fault, for a scenario that starts at `start_ms`."""
        since = at_ms - start_ms
        return np.asarray((since >= self.at) & (since < self.at + self.for_ms))

    def rate_factor(self) -> float:
        """By how much the scope sends more operations while the fault is on."""
        return 1.0

    def strike(self, operations: Operations, hit: NDArray[np.int64], random: np.random.Generator) -> None:
        """Change the operations at the indices `hit`, all of the scope and begun while the fault is on."""

    def label(self, start_ms: int) -> Label | None:
        """The truth about it, for a scenario that starts at `start_ms`."""
        if self.label_kind is None:
            return None
        begin_ms = start_ms + self.at
        return Label(
            kind=self.label_kind,
            scope=self.labelled_scope(),
            start=time_text(begin_ms),
            end=time_text(begin_ms + self.for_ms),
            also=self.also,
        )

    def labelled_scope(self) -> dict[str, str]:
        """Dimensions and values by which an incident is known to be this one."""
        return dict(self.scope)
