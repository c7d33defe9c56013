"""A change of an incident -> pages, tickets and notes to those whom the policy names; each is paged once for an incident."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actions.cases import Case
from actions.decision import Action, Decision, Reason
from actions.incidents import ChangeKind, IncidentChange
from actions.message import about, page
from actions.policy.receivers import Route
from actions.routing import LOUDNESS, NOBODY, receivers, telling
from detectors.canonical import content_id


def told(case: Case, change: IncidentChange, routes: Sequence[Route], ts: str) -> Iterator[Decision]:
    """What is said of a change. The case remembers who was told."""
    if change.kind is ChangeKind.RESOLVED:
        yield from _resolved(case, change, ts)
    elif change.kind in {ChangeKind.OPENED, ChangeKind.RISEN}:
        reason = Reason.OPENED if change.kind is ChangeKind.OPENED else Reason.RISEN
        for receiver in receivers(routes, change.incident.severity, change.incident.scope):
            yield from _one(case, change, receiver, reason, ts)


def _one(case: Case, change: IncidentChange, receiver: str, reason: Reason, ts: str) -> Iterator[Decision]:
    incident = change.incident
    action, before = telling(incident.severity), case.told.get(receiver)
    if before is None or LOUDNESS[before] < LOUDNESS[action]:
        case.told[receiver] = action
        yield saying(incident.id, action, receiver, (reason, incident.severity), page(incident, change.anomalies, "trigger"), ts)
    elif receiver != NOBODY:
        params = page(incident, change.anomalies, "update")
        yield saying(incident.id, Action.NOTIFY, receiver, (reason, incident.severity), params, ts)


def _resolved(case: Case, change: IncidentChange, ts: str) -> Iterator[Decision]:
    params = {**about(change.incident, "resolve"), "absorbed_by": change.absorbed_by}
    for receiver in case.told:
        yield saying(change.incident.id, Action.NOTIFY, receiver, (Reason.RESOLVED, "resolve"), params, ts)


def expired(case: Case, routes: Sequence[Route], scope: str, origin: str, ts: str) -> Iterator[Decision]:
    """A page to those of the incident: its throttle was held for the longest time, now a person decides."""
    incident = case.incident
    params = {
        **about(incident, "trigger"),
        "summary": f"throttle of {scope} has reached its longest hold and is being lifted; decide what to do: {incident.title}",
        "throttled": scope,
    }
    for receiver in receivers(routes, incident.severity, incident.scope):
        case.told[receiver] = Action.PAGE
        yield saying(incident.id, Action.PAGE, receiver, (Reason.EXPIRED, f"expired|{scope}|{origin}"), params, ts)


def saying(
    incident_id: str, action: Action, receiver: str, why: tuple[Reason, str], params: Mapping[str, Any], ts: str
) -> Decision:
    """A decision that tells somebody; `why` is the reason, and the rung that makes it one of its kind."""
    reason, rung = why
    return Decision(
        id=content_id(incident_id, action.value, receiver, rung),
        incident_id=incident_id,
        ts=ts,
        action=action,
        target=receiver,
        params=dict(params),
        reason=reason,
        dedup_key=incident_id,
    )
