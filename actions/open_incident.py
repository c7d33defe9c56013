"""An open incident with its episodes: what joins it, what it is called, when it is over."""

from decimal import Decimal
from typing import Self

import msgspec

from actions.grouping import nearest_to_cause
from actions.incident import Incident
from actions.titles import title, together
from actions.trace import STATES
from detectors.anomaly import Anomaly, Ended, Severity
from detectors.canonical import content_id
from detectors.scope import scope_of, scope_text


class Member(msgspec.Struct):
    """One episode of an incident: its latest anomaly, and whether it lasts."""

    anomaly: Anomaly
    lasts: bool = True


class OpenIncident(msgspec.Struct):
    """An open incident.

    Attributes:
        members: by `episode_of`.
        crowd: roll-up whose scopes alarm together; "" for an incident with a cause of its own.
    """

    incident: Incident
    members: dict[str, Member] = {}
    crowd: str = ""

    @classmethod
    def first(cls, anomaly: Anomaly, crowd: str) -> Self:
        """The incident that an anomaly opens; the anomaly has yet to join."""
        incident = Incident(
            id=content_id(anomaly.id),
            title="",
            severity=anomaly.severity,
            scope={},
            opened=anomaly.window_end,
            resolved=None,
            anomaly_ids=(),
            paged=False,
            cost_usd="0",
        )
        return cls(incident, {}, crowd)

    @property
    def lasts(self) -> bool:
        """Whether any of its episodes lasts."""
        return any(member.lasts for member in self.members.values())

    @property
    def is_state(self) -> bool:
        """Whether nothing lasts of it but what may last for weeks."""
        return all(member.anomaly.detector in STATES for member in self.members.values() if member.lasts)

    def has(self, episode: str) -> bool:
        """Whether an episode of it lasts."""
        return episode in self.members and self.members[episode].lasts

    def take(self, anomaly: Anomaly) -> None:
        """An anomaly joins."""
        self.members[episode_of(anomaly)] = Member(anomaly)
        self._grow((anomaly.id,), anomaly.severity, anomaly.cost_usd)

    def draw_in(self, other: "OpenIncident") -> None:
        """All of another incident joins."""
        self.members.update(other.members)
        self._grow(other.incident.anomaly_ids, other.incident.severity, other.incident.cost_usd)

    def end(self, ended: Ended) -> None:
        """An episode has ended, if it is one of this incident."""
        episode = episode_of(ended)
        if self.has(episode):
            self.members[episode].lasts = False
            self._grow((), self.incident.severity, ended.cost_usd)

    def name(self) -> None:
        """Take title and scope from the anomaly that is nearest to the cause."""
        anomalies = [member.anomaly for member in self.members.values()]
        nearest = nearest_to_cause(anomalies)
        words = together(anomalies, self.crowd) if self.crowd else title(nearest)
        scope = {} if self.crowd else dict(sorted(nearest.scope.items()))
        self.incident = msgspec.structs.replace(self.incident, title=words, scope=scope)

    def _grow(self, anomaly_ids: tuple[str, ...], severity: Severity, cost_usd: str) -> None:
        old = self.incident
        highest = max(old.severity, severity, key=lambda each: each.rank)
        self.incident = msgspec.structs.replace(
            old,
            anomaly_ids=tuple(dict.fromkeys((*old.anomaly_ids, *anomaly_ids))),
            severity=highest,
            paged=old.paged or highest.rank >= Severity.ERROR.rank,
            cost_usd=max(old.cost_usd, cost_usd, key=Decimal),
        )


def episode_of(said: Anomaly | Ended) -> str:
    """`detector|scope` of an anomaly or of its end.

    >>> episode_of(Ended(detector="cost_spike", scope={"tenant": "acme"}, window_end="", cost_usd="0"))
    'cost_spike|tenant=acme'
    """
    return f"{said.detector}|{scope_text(scope_of(said.scope))}"
