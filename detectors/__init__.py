"""What is abnormal: facts of one complete window after another -> abnormal scopes.

A detector is a module with one class of the same name. It is asked once for every window, in order, also for empty ones. It scores
first and learns afterwards, from what it did not call abnormal. It reads nothing but the facts it is given and what it has learnt,
changes none of them, and looks at no later window; so the same windows give the same answers, anywhere. What it has learnt can be
taken out and put back between any two windows. detectors/base.py has the contract as types, tests/detectors/test_contract.py
as tests over everything in DETECTORS.

To add a detector: write the module, give every parameter a default, add one line below.
"""

from detectors.base import Detector
from detectors.budget_burn import BudgetBurn
from detectors.budget_threshold import BudgetThreshold
from detectors.canary_regression import CanaryRegression
from detectors.cost_spike import CostSpike
from detectors.null import Null
from detectors.retry_storm import RetryStorm
from detectors.river_model import RiverModel
from detectors.telemetry_silence import TelemetrySilence
from detectors.token_spike import TokenSpike
from detectors.unknown_price import UnknownPrice

DETECTORS: dict[str, type[Detector]] = {
    BudgetBurn.name: BudgetBurn,
    BudgetThreshold.name: BudgetThreshold,
    CanaryRegression.name: CanaryRegression,
    CostSpike.name: CostSpike,
    Null.name: Null,
    RetryStorm.name: RetryStorm,
    RiverModel.name: RiverModel,
    TelemetrySilence.name: TelemetrySilence,
    TokenSpike.name: TokenSpike,
    UnknownPrice.name: UnknownPrice,
}
"""Every detector by its name in design 4.5."""
