"""Anomalies of an incident -> the remedies of the policy, each taken or refused with its reason."""

from collections.abc import Iterable, Iterator
from typing import Any

from actions.cases import Case, Cause, Held, Memory, Taken
from actions.decision import Action, Decision, Reason
from actions.message import about
from actions.open_incident import episode_of
from actions.policy.model import Policy
from actions.policy.remedies import Remedy
from actions.rules import Attempt, objection
from actions.targets import NOBODY, release_of, target_of
from actions.throttling import Throttling
from detectors.anomaly import Anomaly, Severity
from detectors.canonical import content_id, parse_time


class Remedies:
    """Takes the remedies of a policy. They are taken to succeed: decisions never depend on what became of others."""

    def __init__(self, policy: Policy, memory: Memory, throttling: Throttling) -> None:
        self._policy = policy
        self._memory = memory
        self._throttling = throttling

    def consider(self, case: Case, anomalies: Iterable[Anomaly], crowded: frozenset[str], ts: str) -> Iterator[Decision]:
        """What is done about new anomalies of an incident."""
        for anomaly in anomalies:
            remedies = self._policy.remedies.get(anomaly.detector, ())
            if not remedies and anomaly.severity is Severity.CRITICAL:
                yield from self._nothing(case, anomaly, -1, Reason.NOT_CONFIGURED, ts)
            for index in range(len(remedies)):
                attempt = self._attempt(case, anomaly, remedies[index], crowded, ts)
                yield from self._try(attempt, index, ts)

    def _try(self, attempt: Attempt, index: int, ts: str) -> Iterator[Decision]:
        reason = objection(attempt)
        if reason is Reason.REPEAT and attempt.held is not None:
            self._throttling.join(attempt.held, Cause(attempt.case.incident.id, episode_of(attempt.anomaly)))
        if reason is not None:
            yield from self._nothing(attempt.case, attempt.anomaly, index, reason, ts)
        elif attempt.action is Action.THROTTLE:
            yield self._throttle(attempt, ts)
        else:
            yield self._once(attempt, ts)

    def _attempt(self, case: Case, anomaly: Anomaly, remedy: Remedy, crowded: frozenset[str], ts: str) -> Attempt:
        action, target = Action(remedy.action), target_of(remedy, anomaly, self._policy)
        to_release = action in {Action.ROLLBACK, Action.PAUSE_CANARY}
        return Attempt(
            anomaly=anomaly,
            remedy=remedy,
            action=action,
            target=target,
            case=case,
            held=self._memory.held.get(target) if action is Action.THROTTLE else None,
            crowded=crowded,
            taken=self._memory.taken,
            releases=self._memory.releases,
            release_key="|".join((action.value, *release_of(anomaly))) if to_release else "",
            safety=self._policy.safety,
            now_ms=parse_time(ts),
        )

    def _throttle(self, attempt: Attempt, ts: str) -> Decision:
        cause = Cause(attempt.case.incident.id, episode_of(attempt.anomaly))
        if attempt.held is not None:
            self._throttling.join(attempt.held, cause)
            return self._throttling.take(attempt.held, attempt.remedy.level, ts, Reason.ESCALATED)
        remedy, now_ms = attempt.remedy, attempt.now_ms
        held = Held(
            scope=attempt.target,
            incident_id=cause.incident_id,
            origin=attempt.anomaly.id,
            level=0,
            since_ms=now_ms,
            level_since_ms=now_ms,
            until_ms=now_ms,
            hold_ms=remedy.hold_ms,
            escalate_after_ms=remedy.escalate_after_ms,
            max_level=remedy.max_level,
            via=remedy.via,
            why=attempt.case.incident.title,
            causes=[cause],
        )
        return self._throttling.take(held, remedy.level, ts, Reason.REMEDY)

    def _once(self, attempt: Attempt, ts: str) -> Decision:
        """A remedy that is done once and needs no lifting: a rollback, a pause, a fallback."""
        incident, target = attempt.case.incident, attempt.target
        attempt.case.done.append(f"{attempt.action}|{target}")
        self._memory.taken.append(Taken(attempt.now_ms, target, fresh=True))
        if attempt.release_key:
            self._memory.releases.append(attempt.release_key)
        params = {**about(incident, "trigger"), **_why(attempt.anomaly), **_release(attempt)}
        rung = attempt.release_key or "once"
        return _decision(case=attempt.case, action=attempt.action, target=target, why=(Reason.REMEDY, rung), params=params, ts=ts)

    def _nothing(self, case: Case, anomaly: Anomaly, index: int, reason: Reason, ts: str) -> Iterator[Decision]:
        key = f"{anomaly.detector}|{index}|{reason}"
        if anomaly.severity is Severity.INFO or key in case.silent:
            return
        case.silent.append(key)
        remedies = self._policy.remedies.get(anomaly.detector, ())
        params = {**_why(anomaly), "remedy": _words(remedies[index]) if index >= 0 else None}
        yield _decision(case=case, action=Action.NONE, target=NOBODY, why=(reason, key), params=params, ts=ts)


def _why(anomaly: Anomaly) -> dict[str, Any]:
    return {"detector": anomaly.detector, "anomaly_id": anomaly.id, "scope": dict(anomaly.scope), "why": anomaly.reason}


def _release(attempt: Attempt) -> dict[str, Any]:
    if not attempt.release_key:
        return {}
    service, release = release_of(attempt.anomaly)
    named = {**attempt.anomaly.evidence, **(attempt.anomaly.suspected_change or {})}
    baseline = named.get("baseline")
    return {"service": service, "release": release, "baseline": baseline if isinstance(baseline, str) else None}


def _words(remedy: Remedy) -> dict[str, Any]:
    level = {"level": remedy.level} if remedy.action == "throttle" else {}
    return {"action": remedy.action, **level, "target": remedy.target}


def _decision(*, case: Case, action: Action, target: str, why: tuple[Reason, str], params: dict[str, Any], ts: str) -> Decision:
    reason, rung = why
    return Decision(
        id=content_id(case.incident.id, action.value, target, rung),
        incident_id=case.incident.id,
        ts=ts,
        action=action,
        target=target,
        params=params,
        reason=reason,
        dedup_key=case.incident.id,
    )
