"""A scope spends at k times its ordinary pace for long enough to eat a budget."""

from typing import Literal

from streams.labels import Kind
from streams.simulate.faults.base import Factor, Fault


class BudgetBurn(Fault):
    """Steady overspending: k times the requests, each of ordinary size."""

    kind: Literal["budget_burn"]
    factor: Factor

    @property
    def label_kind(self) -> Kind:
        """Its own detector."""
        return "budget_burn"

    @property
    def also(self) -> tuple[Kind, ...]:
        """Other views of the same spending."""
        return ("budget_threshold", "budget_forecast", "token_spike", "cost_spike", "request_burst")

    def rate_factor(self) -> float:
        """Every request more costs its dollars."""
        return self.factor
