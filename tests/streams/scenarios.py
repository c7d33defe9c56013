"""Builders of scenarios and their records for tests."""

import json
from typing import Any

from streams.simulate.arrivals import Arrivals
from streams.simulate.load import scenario_of
from streams.simulate.scenario import Scenario
from streams.simulate.traffic import Traffic, stream

START_MS = 1_772_409_600_000


def scenario(*faults: dict[str, Any], **changes: Any) -> Scenario:
    """Ten minutes of two tenants at 5 operations a second, without noise and bursts."""
    plain = {
        "start": START_MS,
        "duration": "10m",
        "tenants": [
            {"name": "acme", "operations_per_s": 5, "amplitude": 0},
            {"name": "globex", "operations_per_s": 5, "amplitude": 0},
        ],
        "noise": {"sd": 0},
        "bursts": {"per_day": 0},
        "faults": list(faults),
    }
    return scenario_of(plain | changes)


def values_of(its: Scenario) -> list[bytes]:
    """All records of a scenario."""
    return [value for arrivals in stream(Traffic(its)) for value in arrivals.values]


def records_of(its: Scenario) -> list[dict[str, Any]]:
    """All records of a scenario that has no malformed ones."""
    return [json.loads(value) for value in values_of(its)]


def within(records: list[dict[str, Any]], begin_s: int, end_s: int, **dimensions: str) -> list[dict[str, Any]]:
    """The records of a scope whose `ts` lies in [begin_s, end_s) after the start."""
    span = range(START_MS + begin_s * 1000, START_MS + end_s * 1000)
    return [each for each in records if each["ts"] in span and all(each.get(name) == its for name, its in dimensions.items())]


def steps_of(traffic: Traffic, step_ms: int) -> list[Arrivals]:
    """All of a traffic in steps of one length."""
    until_ms, steps = traffic.scenario.start_ms, []
    while not traffic.done:
        until_ms += step_ms
        steps.append(traffic.step(until_ms))
    return steps
