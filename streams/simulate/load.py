"""A scenario file -> a scenario, or all that is wrong with it, by file, line and key."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from actions.policy.reading import MAX_BYTES, Source, read_text
from actions.policy.reading import Path as KeyPath
from streams.errors import InputError
from streams.simulate.faults import Rollout, UnknownPrice
from streams.simulate.lanes import lay_lanes
from streams.simulate.malformed import REASONS
from streams.simulate.scenario import STEP_MS, Scenario


class ScenarioError(InputError):
    """A scenario that cannot be used: one `file:line: key: message` a line."""


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario from a YAML file.

    Raises:
        ScenarioError: with a line for each thing that is wrong.
    """
    try:
        with Path(path).open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror or type(error).__name__}") from None
    return _checked(read_text(text, name=str(path)))


def scenario_of(values: Mapping[str, Any]) -> Scenario:
    """A scenario from values as a file would hold them, checked in the same way.

    Raises:
        ScenarioError: as `load_scenario`.
    """
    return _checked(Source(values=dict(values), places={(): "scenario:1"}))


def _checked(source: Source) -> Scenario:
    scenario = None
    if not source.complaints:
        try:
            scenario = Scenario.model_validate(source.values)
        except ValidationError as error:
            for each in error.errors(include_url=False, include_input=False):
                source.complain(
                    _place(each["loc"], source.values, missing=each["type"] == "missing"), _message(each["type"], each["msg"])
                )
    for place, message in _complaints(scenario) if scenario else ():
        source.complain(place, message)
    if scenario is None or source.complaints:
        raise ScenarioError("\n".join(dict.fromkeys(source.complaints)))
    return scenario


def _place(location: tuple[str | int, ...], values: Any, *, missing: bool) -> KeyPath:
    """The part of pydantic's location that stands in the file; it also names the kinds of faults."""
    path: list[str | int] = []
    for index, part in enumerate(location):
        if isinstance(values, dict) and (part in values or (missing and index == len(location) - 1)):
            values = values.get(part)
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            values = values[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _message(kind: str, text: str) -> str:
    known = {"extra_forbidden": "is not a key of scenarios", "missing": "is missing"}
    plain = text.removeprefix("Value error, ")
    return known.get(kind, plain[:1].lower() + plain[1:])


def _complaints(scenario: Scenario) -> Iterator[tuple[KeyPath, str]]:
    """What no single key can know."""
    dangling = list(_dangling(scenario))
    yield from dangling
    for index, reason in enumerate(scenario.delivery.malformed_reasons):
        if reason not in REASONS:
            yield ("delivery", "malformed_reasons", index), f"{reason!r} is none of {', '.join(REASONS)}"
    if not dangling:
        yield from _idle_faults(scenario)


def _dangling(scenario: Scenario) -> Iterator[tuple[KeyPath, str]]:
    """Names that lead nowhere."""
    for index, group in enumerate(scenario.tenants):
        for name in sorted(group.routes.keys() - scenario.routes.keys()):
            yield ("tenants", index, "routes", name), f"is no route; routes are {', '.join(scenario.routes)}"
    for name, route in scenario.routes.items():
        for model in sorted(route.models.keys() - scenario.catalogue.keys()):
            yield ("routes", name, "models", model), "is no model; give it a provider under `models`"
    for index, fault in enumerate(scenario.faults):
        if fault.destination and not isinstance(fault, UnknownPrice) and fault.destination not in scenario.catalogue:
            yield ("faults", index, "model"), f"{fault.destination!r} is no model; give it a provider under `models`"


def _idle_faults(scenario: Scenario) -> Iterator[tuple[KeyPath, str]]:
    """Faults that would strike nobody."""
    lanes = lay_lanes(scenario)
    for index, fault in enumerate(scenario.faults):
        scope = (("service", fault.service),) if isinstance(fault, Rollout) else fault.scope
        if not lanes.of(scope).any():
            yield (
                ("faults", index, "service" if isinstance(fault, Rollout) else "scope"),
                "strikes nobody: no traffic is of this scope",
            )
        if fault.at % STEP_MS or fault.for_ms % STEP_MS:
            yield ("faults", index), f"should begin and last a whole number of {STEP_MS // 1000} s"
        if fault.at >= scenario.duration_ms:
            yield ("faults", index, "at"), "lies behind the end of the scenario"
