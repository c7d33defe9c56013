"""Facts of a window -> scopes that use far more input or output tokens than they should."""

from typing import ClassVar

from detectors.spike_detector import SpikeDetector
from detectors.spike_report import INPUT, OUTPUT, Unit


class TokenSpike(SpikeDetector):
    """Input and output tokens have a bank each: growing input is a prompt or a context, growing output a runaway generation."""

    name: ClassVar[str] = "token_spike"
    units: ClassVar[tuple[Unit, ...]] = (INPUT, OUTPUT)
