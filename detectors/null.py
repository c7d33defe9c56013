"""Facts -> nothing: the yardstick that every other detector has to beat."""

from typing import Any, ClassVar

from detectors.anomaly import Abnormal
from detectors.facts import WindowFacts
from detectors.scope import Rollup


class Null:
    """Finds nothing, ever. What it costs to run is the cost of having a detector at all."""

    name: ClassVar[str] = "null"
    needs_warm_up: ClassVar[bool] = False
    needs_money_floor: ClassVar[bool] = False

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """It reads no facts."""
        return ()

    def judge(self, facts: WindowFacts) -> list[Abnormal]:  # noqa: ARG002 - the contract gives them
        """Nothing."""
        return []

    def snapshot(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Nothing to take back."""
