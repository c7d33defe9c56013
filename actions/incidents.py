"""Judgements in order -> incidents: anomalies of one cause, opened once, updated, resolved, and opened anew when it returns."""

import enum
from collections.abc import Iterator
from typing import Any

import msgspec

from actions.grouping import Bond, Rank, Trace, bond, cause_first
from actions.incident import Incident
from actions.open_incident import OpenIncident, episode_of
from actions.policy.remedies import Safety
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

    An anomaly joins the incident that its episode is in, else the one that it has the strongest bond with (`grouping.bond`), else
    it opens one. A provider's fault draws in the incidents of its users; a fault draws in a state, such as a spent budget, that
    rises with it. While so many scopes of a roll-up alarm that the correlated brake holds, what has no cause of its own becomes
    one incident. An incident is resolved when all its episodes have ended; that is hysteresis, since an episode ends only after a
    calm time.
    """

    def __init__(self, safety: Safety | None = None) -> None:
        self._safety = safety or Safety()
        self._open: dict[str, OpenIncident] = {}
        self._traces: dict[str, Trace] = {}

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
            home, drawn = self._home(anomaly, crowded)
            for each in drawn:
                self._draw_in(home, each, joined)
                absorbed[each.incident.id] = home
            home.take(anomaly)
            joined.setdefault(home.incident.id, []).append(anomaly)
        self._end(judgement)
        gone = [_absorbed(before[key], home, judgement.window_end) for key, home in absorbed.items() if key in before]
        return [*self._changed(before, joined), *gone, *self._resolve(judgement.window_end)]

    def _home(self, anomaly: Anomaly, crowded: frozenset[str]) -> tuple[OpenIncident, list[OpenIncident]]:
        """The incident that an anomaly joins, and those that are drawn in with it."""
        own = next((each for each in self._open.values() if each.has(episode_of(anomaly))), None)
        bonds = [found for found in self._bonds(anomaly) if found[1] is not own]
        nearest = min(bonds, key=lambda found: (found[0], not found[1].incident.paged), default=(Bond.NONE, None))[1]
        stays = own is not None and (nearest is None or not own.is_state)
        home = (own if stays else nearest) or self._without_bond(anomaly, crowded)
        drawn = [own] if own is not None and own is not home else []
        if self._trace(anomaly).rank is Rank.PROVIDER_FAULT:
            drawn += [each for strength, each in bonds if strength is Bond.CAUSE and each is not home]
        return home, drawn

    def _bonds(self, anomaly: Anomaly) -> Iterator[tuple[Bond, OpenIncident]]:
        trace = self._trace(anomaly)
        for each in self._open.values():
            lasting = (self._trace(member.anomaly) for member in each.members.values() if member.lasts)
            strongest = min((bond(trace, old) for old in lasting), default=Bond.NONE)
            if strongest is not Bond.NONE:
                yield strongest, each

    def _without_bond(self, anomaly: Anomaly, crowded: frozenset[str]) -> OpenIncident:
        rollup = "+".join(sorted(anomaly.scope)) or "global"
        crowd = rollup if rollup in crowded else ""
        known = next((each for each in self._open.values() if crowd and each.crowd == crowd), None)
        home = known or OpenIncident.first(anomaly, crowd)
        self._open[home.incident.id] = home
        return home

    def _draw_in(self, home: OpenIncident, other: OpenIncident, joined: dict[str, list[Anomaly]]) -> None:
        del self._open[other.incident.id]
        home.draw_in(other)
        joined.setdefault(home.incident.id, []).extend(joined.pop(other.incident.id, []))

    def _end(self, judgement: Judgement) -> None:
        for ended in judgement.ended:
            for each in self._open.values():
                each.end(ended)

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
        self._traces = {}

    def _trace(self, anomaly: Anomaly) -> Trace:
        trace = self._traces.get(anomaly.id)
        if trace is None:
            trace = self._traces[anomaly.id] = Trace.of(anomaly)
        return trace

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back: dicts, lists, strings, numbers."""
        return {"open": [msgspec.to_builtins(each) for each in self._open.values()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        opened = msgspec.convert(state["open"], list[OpenIncident])
        self._open = {each.incident.id: each for each in opened}
        self._traces = {}


def crowded_rollups(judgement: Judgement, safety: Safety) -> frozenset[str]:
    """Roll-ups of which so many scopes alarm together that the fault is not theirs: the correlated brake."""
    return frozenset(
        rollup
        for rollup, alarming in judgement.alarming.items()
        if alarming >= safety.brake_scopes and alarming > safety.brake_share * judgement.live.get(rollup, 0)
    )


def _absorbed(old: Incident, home: OpenIncident, window_end: str) -> IncidentChange:
    resolved = msgspec.structs.replace(old, resolved=window_end)
    return IncidentChange(kind=ChangeKind.RESOLVED, incident=resolved, absorbed_by=home.incident.id)


def _kind(old: Incident | None, new: Incident) -> ChangeKind:
    if old is None:
        return ChangeKind.OPENED
    if new.severity.rank > old.severity.rank:
        return ChangeKind.RISEN
    return ChangeKind.JOINED if new.anomaly_ids != old.anomaly_ids else ChangeKind.UPDATED
