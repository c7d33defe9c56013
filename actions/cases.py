"""What a decider remembers: what was said and done of each open incident, the throttles in force, what was taken lately."""

import msgspec

from actions.control import Control
from actions.decision import Action, Reason
from actions.incident import Incident


class Case(msgspec.Struct):
    """An open incident, as the decider knows it.

    Attributes:
        told: receiver -> the loudest thing that it was told with: page, ticket or notify.
        done: `action|target` of remedies that are not taken again for this incident.
        silent: `detector|index|reason` of decisions to do nothing; each is said once.
        provider_fault: a provider is suspected; its users are not to blame.
    """

    incident: Incident
    told: dict[str, Action] = {}
    done: list[str] = []
    silent: list[str] = []
    provider_fault: bool = False


class Cause(msgspec.Struct, frozen=True):
    """Why a throttle stands: an episode of an incident. `episode` is `detector|scope`."""

    incident_id: str
    episode: str


class Held(msgspec.Struct):
    """A throttle in force: a lease on a scope, renewed while a cause lasts.

    Attributes:
        scope: scope text of whom it limits.
        incident_id: the incident that it is decided for.
        origin: id of the anomaly that it was first taken for; with `rung` it makes the ids of its decisions.
        since_ms, level_since_ms: when it was taken, and when it came to its level; event time.
        until_ms: when the lease ends by itself.
        letting_go: why it is being lifted step by step; None while it is kept.
    """

    scope: str
    incident_id: str
    origin: str
    level: int
    since_ms: int
    level_since_ms: int
    until_ms: int
    hold_ms: int
    escalate_after_ms: int | None
    max_level: int
    via: str | None
    why: str
    causes: list[Cause] = []
    letting_go: Reason | None = None
    rung: int = 0


class Taken(msgspec.Struct, frozen=True):
    """A destructive action; `fresh` when it took something new, and was no escalation."""

    at_ms: int
    target: str
    fresh: bool


class Memory(msgspec.Struct):
    """All that a decider remembers.

    Attributes:
        cases: by incident id.
        held: by scope text.
        taken: destructive actions of the last hour, in order.
        releases: `action|service|release` of what was done to a release, for ever.
        pending: controls that govern a later window.
        heard: ids of the latest controls.
    """

    cases: dict[str, Case] = {}
    held: dict[str, Held] = {}
    taken: list[Taken] = []
    releases: list[str] = []
    pending: list[Control] = []
    heard: list[str] = []
