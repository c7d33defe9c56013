"""A scenario -> the labels of its faults, in the order in which they begin, and the file of them that `replay` reads."""

from pathlib import Path

import msgspec

from streams.labels import Label
from streams.simulate.scenario import Scenario


def labels_of(scenario: Scenario) -> list[Label]:
    """One label a fault; what is no fault, such as a good canary or a benign burst, has none."""
    found = (fault.label(scenario.start_ms) for fault in scenario.faults)
    return sorted((label for label in found if label is not None), key=lambda label: (label.start, label.kind))


def write_labels(scenario: Scenario, path: Path) -> None:
    """Write the labels of a scenario, one JSON object a line."""
    path.write_bytes(b"".join(msgspec.json.encode(label) + b"\n" for label in labels_of(scenario)))
