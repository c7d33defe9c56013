"""A new release of a service takes a share of its requests: as good as the old one, or dearer or worse."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from streams.labels import Kind
from streams.simulate.faults.base import BUDGETS, Factor, Fault, Part


class Rollout(Fault):
    """A canary: while it is on, its service's requests carry release and cohort.

    Attributes:
        service: whose release it is; in place of a scope.
        release, baseline: the new version and the one it is compared with; without `baseline` the routes' own.
        traffic_share: share of the service's operations that the canary gets.
        cost_factor: how many times the tokens of the baseline; 1 is as good.
        success_ratio: share of otherwise successful attempts that stay successful; the others are billed and fail.
    """

    kind: Literal["rollout", "canary_regression"]
    service: str
    release: str
    baseline: str | None = None
    traffic_share: Annotated[Part, Field(lt=1)] = 0.2
    cost_factor: Factor = 1.0
    success_ratio: Part = 1.0

    @model_validator(mode="after")
    def _says_what_it_is(self) -> "Rollout":
        if self.scope:
            raise ValueError("has a service in place of a scope")
        if (self.kind == "rollout") != (self.cost_factor == 1.0 and self.success_ratio == 1.0):
            raise ValueError("a canary_regression needs a cost_factor above 1 or a success_ratio below 1; a rollout has neither")
        return self

    @property
    def label_kind(self) -> Kind | None:
        """Only a bad canary is a fault."""
        return "canary_regression" if self.kind == "canary_regression" else None

    @property
    def also(self) -> tuple[Kind, ...]:
        """Dearer answers are longer; failed ones are errors."""
        return ("latency_regression", "error_surge", "cost_per_outcome", "cost_spike", "token_spike", *BUDGETS)

    def labelled_scope(self) -> dict[str, str]:
        """Service and release: what a rollback needs."""
        return {"service": self.service, "release": self.release}
