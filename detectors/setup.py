"""What a policy says about detection, compiled: windows, warm-up, floors, budgets, and keywords for each detector."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from detectors.budget import Budget
from detectors.canonical import NANOS_PER_USD
from detectors.facts import WINDOW_MS
from detectors.roster import WARM_AFTER_MS, WARM_AFTER_OPERATIONS

CALM_MS = 600_000
"""An episode ends when its scope was not abnormal for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How the panel of detectors is to be built and what it may say aloud.

    Attributes:
        warm_after_ms, warm_after_operations: a scope is warm after both; before, the severity is at most warning.
        money_floor_nanos: an episode whose excess is below it is at most a warning, where the detector asks for the floor.
        calm_ms: an episode ends when its scope was not abnormal for so long.
        budgets: handed to the detectors that take `budgets=`.
        detectors: name -> keywords of its constructor; `enabled: False` leaves it out. Detectors not named run with their defaults.
        policy_version: 12 hex of the policy.
    """

    window_ms: int = WINDOW_MS
    warm_after_ms: int = WARM_AFTER_MS
    warm_after_operations: int = WARM_AFTER_OPERATIONS
    money_floor_nanos: int = NANOS_PER_USD
    calm_ms: int = CALM_MS
    budgets: tuple[Budget, ...] = ()
    detectors: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    policy_version: str = "0" * 12
