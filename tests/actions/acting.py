"""The pure part of acting for tests: a policy that acts, and incidents and a decider that go together."""

from collections.abc import Sequence
from typing import Any

from actions.control import Control, ControlKind
from actions.decide import Decider
from actions.decision import Action, Decision
from actions.incidents import Incidents
from actions.policy import Policy, policy_of
from detectors.anomaly import Judgement
from tests.actions.said import START_MS, WINDOW_MS

RECEIVERS = [
    {"name": "on-call", "type": "pagerduty", "key_env": "KEY"},
    {"name": "tickets", "type": "webhook", "url": "https://tickets.example.com/", "key_env": "KEY"},
    {"name": "rollouts", "type": "webhook", "url": "https://rollouts.example.com/", "key_env": "KEY"},
]
ROUTES = [{"severity": "warning", "to": "tickets"}, {"severity": "error", "to": "on-call"}]
THROTTLE = {"action": "throttle", "target": "tenant", "hold": "30s"}


def policy(**keys: Any) -> Policy:
    """A policy that throttles the tenants of token spikes, with some keys replaced."""
    plain = {"version": 1, "mode": "act", "receivers": RECEIVERS, "routes": ROUTES, "remedies": {"token_spike": [THROTTLE]}}
    return policy_of({**plain, **keys})


class Desk:
    """Incidents and decider: judgements in, decisions out."""

    def __init__(self, policy: Policy) -> None:
        self.incidents = Incidents(policy.safety)
        self.decider = Decider(policy)

    def take(self, judgement: Judgement, *controls: Control) -> list[Decision]:
        return self.decider.decide(judgement, self.incidents.observe(judgement), controls)

    def all(self, judgements: Sequence[Judgement]) -> list[Decision]:
        return [decision for each in judgements for decision in self.take(each)]


def lift(scope: str, window: int, control_id: str = "c1") -> Control:
    return Control(
        id=control_id,
        at_ms=0,
        by="ann",
        kind=ControlKind.LIFT,
        window_start_ms=START_MS + window * WINDOW_MS,
        params={"scope": scope},
    )


def said(decisions: Sequence[Decision]) -> list[str]:
    """Decisions in short, as `action target reason`."""
    return [f"{each.action} {each.target} {each.reason}" for each in decisions]


def throttles(decisions: Sequence[Decision]) -> list[str]:
    """Throttles and lifts in short, as `level reason`."""
    acting = {Action.THROTTLE, Action.LIFT_THROTTLE}
    return [f"{each.params['level']} {each.reason}" for each in decisions if each.action in acting]
