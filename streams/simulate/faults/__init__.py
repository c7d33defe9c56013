"""The kinds of faults a scenario may script, one a file; their names are those of the detectors that should find them."""

from typing import Annotated

from pydantic import Field

from streams.simulate.faults.base import Fault
from streams.simulate.faults.budget_burn import BudgetBurn
from streams.simulate.faults.cost_spike import CostSpike
from streams.simulate.faults.retry_storm import RetryStorm
from streams.simulate.faults.rollout import Rollout
from streams.simulate.faults.telemetry_silence import TelemetrySilence
from streams.simulate.faults.token_spike import TokenSpike
from streams.simulate.faults.unknown_price import UnknownPrice

AnyFault = Annotated[
    TokenSpike | CostSpike | RetryStorm | BudgetBurn | Rollout | UnknownPrice | TelemetrySilence,
    Field(discriminator="kind"),
]

__all__ = [
    "AnyFault",
    "BudgetBurn",
    "CostSpike",
    "Fault",
    "RetryStorm",
    "Rollout",
    "TelemetrySilence",
    "TokenSpike",
    "UnknownPrice",
]
