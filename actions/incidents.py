"""Judgements in order -> incidents: anomalies of one cause, opened once, updated, resolved, and opened anew when it returns."""

import enum
from collections.abc import Iterator
from typing import Any

import msgspec

from actions.grouping import Bond, Tie, cause_first
from actions.incident import Incident
from actions.lasting import Lasting
from actions.open_incident import OpenIncident, episode_of
from actions.policy.remedies import Safety
from actions.trace import Rank, Trace
from detectors.anomaly import Anomaly, Judgement


class ChangeKind(enum.StrEnum):
    """What happened to an incident in a window; of several, the first of this list."""

    OPENED = "opened"
    RISEN = "risen"  # its severity rose
    JOINED = "joined"  # another anomaly joined it
    UPDATED = "updated"  # its cost, title or scope changed
    RESOLVED = "resolved"  # all of it has been calm for long enough, or another incident absorbed it


class IncidentChange(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it stands after a window, and why it is told.

    Attributes:
        anomalies: those of this window that joined it, causes first.
        absorbed_by: id of the incident that took its anomalies; "" when it was not absorbed.
    """

    kind: ChangeKind
    incident: Incident
    anomalies: tuple[Anomaly, ...] = ()
    absorbed_by: str = ""


class Incidents:
    """The open incidents.

    An anomaly joins the incident that its episode is in, else the one that it has the strongest tie to (`grouping.tie`), else
    it opens one. A provider's fault draws in the incidents of its users; a fault draws in a state, such as a spent budget, that
    rises with it. While so many scopes of a roll-up alarm that the correlated brake holds, what has no cause of its own becomes
    one incident. An incident is resolved when all its episodes have ended; that is hysteresis, since an episode ends only after a
    calm time.
    """

    def __init__(self, safety: Safety | None = None) -> None:
        self._safety = safety or Safety()
        self._open: dict[str, OpenIncident] = {}
        self._lasting = Lasting()

    @property
    def open(self) -> tuple[Incident, ...]:
        """The open incidents, the oldest first."""
        return tuple(each.incident for each in self._open.values())

    def observe(self, judgement: Judgement) -> list[IncidentChange]:
        """What changes with a window; one change an incident, unless it opens and is resolved in the same window."""
        before = {key: each.incident for key, each in self._open.items()}
        joined: dict[str, list[Anomaly]] = {}
        absorbed: dict[str, OpenIncident] = {}
        crowded = crowded_rollups(judgement, self._safety)
        for anomaly in cause_first(judgement.anomalies):
            trace = Trace.of(anomaly)
            home, drawn = self._home(anomaly, trace, crowded)
            for each in drawn:
                self._draw_in(home, each, joined)
                absorbed[each.incident.id] = home
            home.take(anomaly)
            self._lasting.put(episode_of(anomaly), trace, home.incident.id)
            joined.setdefault(home.incident.id, []).append(anomaly)
        self._end(judgement)
        gone = [_absorbed(before[key], home, judgement.window_end) for key, home in absorbed.items() if key in before]
        return [*self._changed(before, joined), *gone, *self._resolve(judgement.window_end)]

    def _home(self, anomaly: Anomaly, trace: Trace, crowded: frozenset[str]) -> tuple[OpenIncident, list[OpenIncident]]:
        """The incident that an anomaly joins, and those that are drawn in with it."""
        own = self._open.get(self._lasting.home(episode_of(anomaly)) or "")
        ties = [(each, self._open[key]) for key, each in self._lasting.ties(trace).items()]
        ties = sorted((each for each in ties if each[1] is not own), key=_strongest_first)
        nearest = ties[0][1] if ties else None
        stays = own is not None and (nearest is None or not own.is_state)
        home = (own if stays else nearest) or self._without_tie(anomaly, crowded)
        drawn = [own] if own is not None and own is not home else []
        if trace.rank is Rank.PROVIDER_FAULT:
            drawn += [each for tie, each in ties if tie.bond is Bond.CAUSE and each is not home]
        return home, drawn

    def _without_tie(self, anomaly: Anomaly, crowded: frozenset[str]) -> OpenIncident:
        rollup = "+".join(sorted(anomaly.scope)) or "global"
        crowd = rollup if rollup in crowded else ""
        known = next((each for each in self._open.values() if crowd and each.crowd == crowd), None)
        home = known or OpenIncident.first(anomaly, crowd)
        self._open[home.incident.id] = home
        return home

    def _draw_in(self, home: OpenIncident, other: OpenIncident, joined: dict[str, list[Anomaly]]) -> None:
        del self._open[other.incident.id]
        home.draw_in(other)
        for episode in other.members:
            if other.has(episode):
                self._lasting.move(episode, home.incident.id)
        joined.setdefault(home.incident.id, []).extend(joined.pop(other.incident.id, []))

    def _end(self, judgement: Judgement) -> None:
        for ended in judgement.ended:
            home = self._lasting.home(episode_of(ended))
            if home is not None:
                self._open[home].end(ended)
                self._lasting.drop(episode_of(ended))

    def _changed(self, before: dict[str, Incident], joined: dict[str, list[Anomaly]]) -> Iterator[IncidentChange]:
        for key, each in self._open.items():
            if key in joined:
                each.name()
            kind = _kind(before.get(key), each.incident)
            if each.incident != before.get(key) and (each.lasts or kind is not ChangeKind.UPDATED):
                yield IncidentChange(kind=kind, incident=each.incident, anomalies=tuple(joined.get(key, ())))

    def _resolve(self, window_end: str) -> Iterator[IncidentChange]:
        for key in [key for key, each in self._open.items() if not each.lasts]:
            resolved = msgspec.structs.replace(self._open.pop(key).incident, resolved=window_end)
            yield IncidentChange(kind=ChangeKind.RESOLVED, incident=resolved)

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back: dicts, lists, strings, numbers."""
        return {"open": [msgspec.to_builtins(each) for each in self._open.values()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        opened = msgspec.convert(state["open"], list[OpenIncident])
        self._open = {each.incident.id: each for each in opened}
        self._lasting = Lasting()
        for key, each in self._open.items():
            for episode, member in each.members.items():
                if member.lasts:
                    self._lasting.put(episode, Trace.of(member.anomaly), key)


def crowded_rollups(judgement: Judgement, safety: Safety) -> frozenset[str]:
    """Roll-ups of which so many scopes alarm together that the fault is not theirs: the correlated brake."""
    return frozenset(
        rollup
        for rollup, alarming in judgement.alarming.items()
        if alarming >= safety.brake_scopes and alarming > safety.brake_share * judgement.live.get(rollup, 0)
    )


def _strongest_first(found: tuple[Tie, OpenIncident]) -> tuple[Tie, bool, str, str]:
    """Of equal ties the one to the incident that was paged, then to the oldest."""
    tie, each = found
    return (tie, not each.incident.paged, each.incident.opened, each.incident.id)


def _absorbed(old: Incident, home: OpenIncident, window_end: str) -> IncidentChange:
    resolved = msgspec.structs.replace(old, resolved=window_end)
    return IncidentChange(kind=ChangeKind.RESOLVED, incident=resolved, absorbed_by=home.incident.id)


def _kind(old: Incident | None, new: Incident) -> ChangeKind:
    if old is None:
        return ChangeKind.OPENED
    if new.severity.rank > old.severity.rank:
        return ChangeKind.RISEN
    return ChangeKind.JOINED if new.anomaly_ids != old.anomaly_ids else ChangeKind.UPDATED
