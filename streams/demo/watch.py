"""What can be seen from outside at one moment -> how far each scripted incident has come. Pure; times are arguments."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streams.demo.gateway import Gateway
from streams.demo.meter import Meter
from streams.demo.pagerduty_server import Pager
from streams.demo.receivers import Receivers
from streams.demo.script import Scripted, Step
from streams.demo.service import Answers

SETTLED_MS = 1_500
"""A throttle needs so long before the traffic it lets through is measured; what was cached at the gateway is out by then."""
MEASURED_MS = 5_000
BEFORE_MS = 10_000
REDUCED_TO = 0.6
"""Traffic is reduced when the throttled scope gets at most this share of what it got just before."""
DRAINED_MS = 3_000
"""A canary that was rolled back serves nobody after so long."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that is seen at one moment, by the service's API and at its receivers."""

    at_ms: int
    answers: Answers
    receivers: Receivers
    meter: Meter


@dataclass(slots=True)
class Case:
    """A scripted incident and how far it has come.

    Attributes:
        marks: step -> seconds since the fault began, the first time that it was seen.
        incident: the incident that it was found in, as the API shows it now.
        problems: what must not happen, and did.
        cut_short: the demo was stopped before it could be done; nothing is missing then.
    """

    scripted: Scripted
    marks: dict[Step, float] = field(default_factory=dict)
    incident: Mapping[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    cut_short: bool = False

    @property
    def missing(self) -> list[Step]:
        """The steps that were not seen yet."""
        return [step for step in self.scripted.steps if step not in self.marks]

    @property
    def done(self) -> bool:
        """Whether everything was seen."""
        return not self.missing

    @property
    def cost_usd(self) -> str:
        """Dollars that the incident has cost, by the API."""
        return str(self.incident.get("cost_usd", "0"))

    def take(self, look: Look) -> list[Step]:
        """Look once more; returns the steps that are seen for the first time."""
        self.incident = _incident(self.scripted, look.answers) or self.incident
        fresh = []
        for step in self.missing:
            if _CHECKS[step](self, look):
                self.marks[step] = (look.at_ms - self.scripted.label.start_ms) / 1000
                fresh.append(step)
        self.problems = list(_problems(self, look))
        return fresh


def _incident(scripted: Scripted, answers: Answers) -> Mapping[str, Any] | None:
    """The incident that has an anomaly of the kind, within the scope, since the fault began."""
    label = scripted.label
    found = {each["id"] for each in answers.anomalies if each["detector"] == label.kind and _fits(each, scripted)}
    holding = [each for each in answers.incidents if found & set(each["anomaly_ids"])]
    return max(holding, key=lambda each: (each["resolved"] is None, len(each["anomaly_ids"])), default=None)


def _fits(anomaly: Mapping[str, Any], scripted: Scripted) -> bool:
    scope = anomaly["scope"].items()
    return bool(scope) and scope <= scripted.label.scope.items() and anomaly["window_end"] > scripted.label.start


def _found(case: Case, _look: Look) -> bool:
    return bool(case.incident)


def _paged(case: Case, look: Look) -> bool:
    return bool(_alerts(case, look.receivers.pager))


def _alerts(case: Case, pager: Pager) -> list[str]:
    """The states of the alerts that the incident has at the pager."""
    return [each.status for each in pager.alerts if case.incident and each.dedup_key == case.incident["id"]]


def _ticketed(case: Case, look: Look) -> bool:
    tickets = (message.data for _, message in look.receivers.tickets.received if message.type == "tidegate.ticket")
    return any(case.incident and each.get("incident_id") == case.incident["id"] for each in tickets)


def _throttled(case: Case, look: Look) -> bool:
    return look.receivers.gateway.limits().get(case.scripted.scope, 1.0) < 1


def _reduced(case: Case, look: Look) -> bool:
    """Compared within the fault only: after its end the traffic would fall anyway."""
    since_s = case.marks.get(Step.THROTTLED)
    label, scope = case.scripted.label, case.scripted.scope
    if since_s is None:
        return False
    since_ms = label.start_ms + round(since_s * 1000)
    start_ms, end_ms = since_ms + SETTLED_MS, since_ms + SETTLED_MS + MEASURED_MS
    if not end_ms <= look.at_ms or end_ms > label.end_ms:
        return False
    before = look.meter.served_per_s(scope, max(since_ms - BEFORE_MS, label.start_ms), since_ms)
    return before > 0 and look.meter.served_per_s(scope, start_ms, end_ms) <= REDUCED_TO * before


def _rolled_back(case: Case, look: Look) -> bool:
    service, release = _release(case)
    last_ms = look.meter.canary_seen_ms(service, release)
    gone = last_ms is not None and look.at_ms - last_ms >= DRAINED_MS
    return len(_rollbacks(case, look.receivers.gateway)) == 1 and gone and look.at_ms <= case.scripted.label.end_ms


def _release(case: Case) -> tuple[str, str]:
    scope = case.scripted.label.scope
    return scope.get("service", ""), scope.get("release", "")


def _rollbacks(case: Case, gateway: Gateway) -> Sequence[Mapping[str, Any]]:
    return [each for each in gateway.rollbacks if (each.get("service"), each.get("release")) == _release(case)]


def _lifted(case: Case, look: Look) -> bool:
    """By a lift of the service, not because the lease ran out."""
    if Step.THROTTLED not in case.marks or _throttled(case, look):
        return False
    told = [message for _, message in look.receivers.gateway.received if message.data.get("scope") == case.scripted.scope]
    return bool(told) and told[-1].type == "tidegate.lift"


def _resolved(case: Case, look: Look) -> bool:
    alerts = _alerts(case, look.receivers.pager)
    return bool(case.incident) and case.incident["resolved"] is not None and all(each == "resolved" for each in alerts)


_CHECKS: Mapping[Step, Callable[[Case, Look], bool]] = {
    Step.FOUND: _found,
    Step.PAGED: _paged,
    Step.TICKETED: _ticketed,
    Step.THROTTLED: _throttled,
    Step.REDUCED: _reduced,
    Step.ROLLED_BACK: _rolled_back,
    Step.LIFTED: _lifted,
    Step.RESOLVED: _resolved,
}


def _problems(case: Case, look: Look) -> Iterator[str]:
    if Step.ROLLED_BACK in case.scripted.steps and (count := len(_rollbacks(case, look.receivers.gateway))) > 1:
        yield f"rolled back {count} times"
    if len(alerts := _alerts(case, look.receivers.pager)) > 1:
        yield f"{len(alerts)} alerts at the pager"


def complaints(cases: Iterable[Case]) -> list[str]:
    """One line for each incident that something is missing of, or that something went wrong with."""
    lines = []
    for case in cases:
        missing = [] if case.cut_short else [f"not {step.value}" for step in case.missing]
        wrong = missing + case.problems
        if wrong:
            lines.append(f"{case.scripted.name}: {', '.join(wrong)}")
    return lines
