"""A scenario -> replayed in this process, straight from the generator: which faults were found when, and what else was said."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from actions.incident import Incident
from actions.policy import DEFAULT_POLICY
from detectors.anomaly import Anomaly, Severity
from detectors.canonical import parse_time
from streams.batch import Batch
from streams.labels import Label, hits
from streams.replay import Replay
from streams.simulate.faults import AnyFault
from streams.simulate.scenario import Scenario
from streams.simulate.traffic import Traffic, stream
from streams.simulate.truth import labels_of

AFTER_S = 600.0
"""So long after a fault, what opens may still be its echo."""


class TrafficSource:
    """The generator as a source partition; arrivals are what it says they are."""

    name = "simulated"
    has_arrival = True

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    def batches(self) -> Iterator[Batch]:
        """Everything, in order of arrival."""
        offset = 0
        for arrivals in stream(self._traffic):
            yield Batch(arrivals.values, range(offset, offset + len(arrivals)), arrivals.arrivals_ms.tolist())
            offset += len(arrivals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was made of one fault.

    Attributes:
        fault: the fault as the scenario has it, as text for people.
        kind: of its label.
        operations_per_s: of the tenant that it strikes, mean over a day; 0 where no tenant is named.
        found_s: window end of the first anomaly that names it rightly, less its start; None when there is none.
        paged_s: the same of the first such anomaly of severity error or critical.
        detector: that found it first.
    """

    fault: str
    kind: str
    at_s: float
    operations_per_s: float
    found_s: float | None
    paged_s: float | None
    detector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """An incident that hits no label.

    Attributes:
        beside: the fault that was on when it opened, or up to 10 minutes before, or that the scenario had ended, so that everybody
            fell silent while the last answers came in; "" when there was neither.
        worst: its most severe anomaly, in words.
    """

    severity: str
    title: str
    opened: str
    detectors: tuple[str, ...]
    worst: str
    cost_usd: str
    beside: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One scenario, run.

    Attributes:
        days: simulated.
        answers: one a fault, in order of time.
        unasked: incidents that hit no label.
        paged: incidents of severity >= error, of all.
    """

    name: str
    seed: int
    days: float
    records: int
    seconds: float
    answers: tuple[Answer, ...]
    unasked: tuple[Unasked, ...]
    paged: int


def run_trial(scenario: Scenario) -> Outcome:
    """Run a scenario through the whole way with the built-in policy."""
    began_s = time.process_time()
    replay = Replay(DEFAULT_POLICY, [TrafficSource(Traffic(scenario))])
    replay.run()
    anomalies = replay.outputs.anomalies
    incidents = [(each, [anomalies[i] for i in each.anomaly_ids]) for each in replay.outputs.sorted_incidents()]
    labels = labels_of(scenario)
    found = {
        (n, each.id): its for n, label in enumerate(labels) for each, members in incidents if (its := hits(label, each, members))
    }
    explained = {incident for _, incident in found}
    return Outcome(
        name=scenario.name,
        seed=scenario.seed,
        days=scenario.duration_ms / 86_400_000,
        records=replay.tally.usage_records,
        seconds=round(time.process_time() - began_s, 1),
        answers=tuple(
            _answer(scenario, label, [each for (m, _), its in found.items() if m == n for each in its])
            for n, label in enumerate(labels)
        ),
        unasked=tuple(_unasked(each, members, scenario) for each, members in incidents if each.id not in explained),
        paged=sum(each.severity.rank >= Severity.ERROR.rank for each, _ in incidents),
    )


def _answer(scenario: Scenario, label: Label, hit: list[Anomaly]) -> Answer:
    ordered = sorted(hit, key=lambda each: (each.window_end, each.detector))
    loud = [each for each in ordered if each.severity.rank >= Severity.ERROR.rank]
    fault = next(each for each in scenario.faults if each.label(scenario.start_ms) == label)
    rates = {name: group.operations_per_s for group in scenario.tenants for name in group.names}
    return Answer(
        fault=_words(fault),
        kind=label.kind,
        at_s=(label.start_ms - scenario.start_ms) / 1000,
        operations_per_s=rates.get(label.scope.get("tenant", ""), 0.0),
        found_s=_delay_s(label, ordered),
        paged_s=_delay_s(label, loud),
        detector=ordered[0].detector if ordered else "",
    )


def _delay_s(label: Label, ordered: list[Anomaly]) -> float | None:
    return max(0.0, (parse_time(ordered[0].window_end) - label.start_ms) / 1000) if ordered else None


def _unasked(incident: Incident, members: list[Anomaly], scenario: Scenario) -> Unasked:
    worst = max(members, key=lambda each: (each.severity.rank, each.window_end))
    since_s = (parse_time(incident.opened) - scenario.start_ms) / 1000
    beside = [_words(each) for each in scenario.faults if each.at / 1000 <= since_s <= (each.at + each.for_ms) / 1000 + AFTER_S]
    if since_s >= scenario.duration_ms / 1000:
        beside.append("the end of the scenario")
    return Unasked(
        severity=incident.severity.value,
        title=incident.title,
        opened=incident.opened,
        detectors=tuple(sorted({each.detector for each in members})),
        worst=f"{worst.detector} {worst.scope} {worst.window_start}..{worst.window_end} observed {worst.observed} "
        f"expected {worst.expected} {worst.unit}: {worst.reason}",
        cost_usd=incident.cost_usd,
        beside=next(iter(beside), ""),
    )


def _words(fault: AnyFault) -> str:
    told = fault.model_dump(exclude={"at", "for_ms", "kind", "scope"}, exclude_defaults=True)
    scope = [f"{dimension}={value}" for dimension, value in fault.scope]
    return " ".join(
        [fault.kind, *scope, *(f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in told.items())]
    )
