"""Facts of a window -> scopes that cost far more than they should."""

from typing import ClassVar

from detectors.spike_detector import SpikeDetector
from detectors.spike_report import COST, Unit


class CostSpike(SpikeDetector):
    """One bank on nano-dollars: it sees dearer requests (another model, a lost cache) as well as more of them."""

    name: ClassVar[str] = "cost_spike"
    units: ClassVar[tuple[Unit, ...]] = (COST,)
