"""A scenario -> what the demo scripts: which fault begins when, and what has to be seen of it before it counts as dealt with."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detectors.scope import scope_of, scope_text
from streams.labels import Kind, Label
from streams.simulate.faults import AnyFault, BudgetBurn, Rollout, UnknownPrice
from streams.simulate.scenario import Scenario
from streams.simulate.truth import labels_of

PILOTS = 6
"""How many pilots the scenario has, each with a budget of its own."""


class Step(enum.StrEnum):
    """What has to be seen of a scripted incident, in the usual order."""

    FOUND = "found"  # the service lists an anomaly of its kind and scope, in an incident
    PAGED = "paged"  # the pager has accepted a trigger of that incident
    TICKETED = "ticketed"  # the desk has accepted a ticket of that incident
    THROTTLED = "throttled"  # the gateway has a throttle on its scope
    REDUCED = "reduced"  # the gateway really serves the scope less than before
    ROLLED_BACK = "rolled back"  # the release is no longer live, by exactly one rollback, and serves nobody any more
    LIFTED = "lifted"  # the service has taken the throttle away again
    RESOLVED = "resolved"  # the incident is resolved, and so is the alert at the pager


_THROTTLE = (Step.FOUND, Step.PAGED, Step.THROTTLED, Step.REDUCED, Step.LIFTED, Step.RESOLVED)
STEPS: Mapping[Kind, tuple[Step, ...]] = {
    "token_spike": _THROTTLE,
    "retry_storm": _THROTTLE,
    "budget_burn": (Step.FOUND, Step.PAGED, Step.RESOLVED),
    "canary_regression": (Step.FOUND, Step.PAGED, Step.ROLLED_BACK, Step.RESOLVED),
    "unknown_price": (Step.FOUND, Step.TICKETED, Step.RESOLVED),
}
"""What the demo's policy does about each kind."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """One scripted incident, with all that has to be seen of it."""

    label: Label
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """For people: `token_spike tenant=acme`."""
        return f"{self.label.kind} {self.scope}"

    @property
    def scope(self) -> str:
        """Scope text of the label."""
        return scope_text(scope_of(self.label.scope))


def script_of(scenario: Scenario) -> list[Scripted]:
    """The scripted incidents of a scenario, in the order in which they begin.

    Raises:
        KeyError: when it has a fault of a kind that the demo's policy does nothing about.
    """
    return [Scripted(label, STEPS[label.kind]) for label in labels_of(scenario)]


def calm(scenario: Scenario) -> Scenario:
    """The same traffic without faults."""
    return scenario.model_copy(update={"faults": ()})


def nth_round(scenario: Scenario, number: int, *, seed: int, start_ms: int) -> Scenario:
    """The script as it is played for the `number`-th time, from 0 on.

    A release is rolled back once and for all, a budget stays spent until midnight, and a model is new once: each round has the
    next of them.
    """
    faults = tuple(_next(fault, number) for fault in scenario.faults)
    return scenario.changed(seed=seed + number + 1, start_ms=start_ms).model_copy(update={"faults": faults})


def _next(fault: AnyFault, number: int) -> AnyFault:
    if isinstance(fault, Rollout):
        return fault.model_copy(update={"release": f"v{number + 2}"})
    if isinstance(fault, BudgetBurn):
        return fault.model_copy(update={"scope": (("tenant", f"pilot-{number % PILOTS + 1}"),)})
    if isinstance(fault, UnknownPrice):
        return fault.model_copy(update={"model": f"newcomer-{number + 1}"})
    return fault


def rollouts(scenario: Scenario) -> Sequence[Rollout]:
    """The canaries of a scenario."""
    return [fault for fault in scenario.faults if isinstance(fault, Rollout)]
