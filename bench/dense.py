"""A number of records and how dense they lie in event time -> simulated telemetry of about 450 bytes a record, for throughput."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

from streams.simulate.emit import open_sink
from streams.simulate.load import scenario_of
from streams.simulate.scenario import Scenario
from streams.simulate.traffic import Traffic, stream

STEP_S = 10
SPREAD = 1.0
"""Standard deviation of the logarithm of the tenants' rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense:
    """Ordinary traffic without faults.

    Attributes:
        records: about so many; a little more, because spans are whole steps and an operation may need several attempts.
        records_per_s: of event time, all tenants together.
        tenants: of which a few are large and most are small.
        start_ms: when the first operation begins; None leaves it to the scenario.
    """

    records: int = 1_000_000
    records_per_s: float = 4_000.0
    tenants: int = 200
    seed: int = 42
    start_ms: int | None = None

    @property
    def seconds(self) -> int:
        """How much event time the records span, in whole steps."""
        return max(1, -(-self.records // round(self.records_per_s * STEP_S))) * STEP_S

    def scenario(self) -> Scenario:
        """The scenario. Daily wave, noise and bursts are left out, so that density is what was asked for, all the time."""
        weights = [math.exp(SPREAD * NormalDist().inv_cdf((n + 0.5) / self.tenants)) for n in range(self.tenants)]
        rates = [self.records_per_s * weight / sum(weights) for weight in weights]
        values: Mapping[str, Any] = {
            "name": "dense",
            "seed": self.seed,
            "duration": f"{self.seconds}s",
            "tenants": [{"name": f"tenant-{n}", "operations_per_s": rate, "amplitude": 0} for n, rate in enumerate(rates)],
            "noise": {"sd": 0},
            "bursts": {"per_day": 0},
        }
        return scenario_of(values).changed(start_ms=self.start_ms)


def write_file(dense: Dense, path: Path) -> tuple[int, int]:
    """Write the telemetry to a file; (records, bytes)."""
    traffic = Traffic(dense.scenario())
    sink = open_sink(path, partitions=1)
    try:
        for arrivals in stream(traffic):
            sink.write(arrivals)
    finally:
        sink.close()
    return traffic.tally.usage_records, path.stat().st_size
