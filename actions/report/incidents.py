"""Incidents with their anomalies and decisions -> the part of the report that explains each one."""

from collections import defaultdict
from collections.abc import Sequence

from actions.decision import Decision, Reason
from actions.incident import Incident
from actions.report.data import ReportData
from actions.report.evidence import shown, words
from actions.report.figures import dollars, duration, millis, moment, quantity, times
from actions.report.markup import Html, element, join, table
from detectors.anomaly import Anomaly
from detectors.scope import scope_of, scope_text

MOST = 300
"""Incidents that are explained; the gravest and dearest, the rest are counted."""

MOST_ANOMALIES = 20
"""Anomalies of one incident that are explained; the gravest."""
MOST_DECISIONS = 100
SHORT = 40
"""Characters of a parameter that stands in the table of decisions."""


def incidents_section(data: ReportData) -> Html:
    """Every incident in order of time, folded; those that matter most when there are too many."""
    chosen = gravest(data.incidents)
    anomalies = {anomaly.id: anomaly for anomaly in data.anomalies}
    decisions = defaultdict(list)
    for decision in data.decisions:
        decisions[decision.incident_id].append(decision)
    cards = [card(each, [anomalies[id_] for id_ in each.anomaly_ids if id_ in anomalies], decisions[each.id]) for each in chosen]
    left_out = len(data.incidents) - len(chosen)
    note = element("p", f"{left_out} more of lower severity and cost are in incidents.jsonl.", class_="note") if left_out else ""
    nothing = "" if cards else element("p", "No incident. Nothing was out of the ordinary.", class_="note")
    return element("section", element("h2", "Incidents"), nothing, *cards, note, id="incidents")


def gravest(incidents: Sequence[Incident]) -> list[Incident]:
    """At most `MOST` of them, in order of time."""
    ranked = sorted(incidents, key=lambda each: (-each.severity.rank, -float(each.cost_usd), each.id))
    return sorted(ranked[:MOST], key=lambda each: (each.opened, each.id))


def card(incident: Incident, anomalies: Sequence[Anomaly], decisions: Sequence[Decision]) -> Html:
    """One incident: a line that says it all, and below it what was seen and what was done."""
    scope = scope_text(scope_of(incident.scope))
    summary = element(
        "summary",
        badge(incident.severity),
        element("span", incident.title, class_="what"),
        element("span", moment(incident.opened), class_="when"),
        element("span", lasting(incident), class_="long"),
        element("span", dollars(incident.cost_usd), class_="number"),
    )
    begin = min((anomaly.window_start for anomaly in anomalies), default=incident.opened)
    show = element("button", "Show in chart", type="button", data_from=millis(begin), data_to=end_ms(incident), data_scope=scope)
    facts = element(
        "p", element("code", scope), " · ", "paged" if incident.paged else "nobody paged", " · ", incident.id, class_="note"
    )
    body = element("div", facts, show, all_explained(anomalies), decided(decisions), class_="body")
    return element("details", summary, body, id=f"incident-{incident.id}", class_=f"card {incident.severity}")


def lasting(incident: Incident) -> str:
    """How long it took, or that it goes on."""
    return duration(incident.opened, incident.resolved) if incident.resolved else "open"


def end_ms(incident: Incident) -> int:
    """When it ended, as far as is known."""
    return millis(incident.resolved or incident.opened)


def badge(severity: str) -> Html:
    """The severity as a coloured word."""
    return element("span", severity, class_=f"badge {severity}")


def all_explained(anomalies: Sequence[Anomaly]) -> Html:
    """The gravest anomaly unfolded, the others folded, in order of time; and how many more there are."""
    ranked = sorted(anomalies, key=lambda each: (-each.severity.rank, each.window_end, each.id))
    shown_ones = sorted(ranked[:MOST_ANOMALIES], key=lambda each: (each.window_end, each.id))
    left_out = len(ranked) - len(shown_ones)
    note = element("p", f"{left_out} more anomalies are in anomalies.jsonl.", class_="note") if left_out else ""
    return join(*(explained(each, unfolded=each is ranked[0]) for each in shown_ones), note)


def explained(anomaly: Anomaly, *, unfolded: bool) -> Html:
    """One anomaly: what was observed, what was expected, and the evidence."""
    observed, expected = quantity(anomaly.observed, anomaly.unit), quantity(anomaly.expected, anomaly.unit)
    head = element(
        "summary",
        badge(anomaly.severity),
        element("span", words(anomaly.detector), " ", element("code", scope_text(scope_of(anomaly.scope))), class_="what"),
        element("span", moment(anomaly.window_end), class_="when"),
    )
    sentence = element(
        "p",
        element("strong", observed),
        f" where {expected} was expected",
        f" ({ratio})" if (ratio := times(anomaly.observed, anomaly.expected)) else "",
        f": {words(anomaly.reason)}",
    )
    period = f"{moment(anomaly.window_start)} to {moment(anomaly.window_end)} UTC"
    about = f"{period} · score {anomaly.score:.2f} · {dollars(anomaly.cost_usd)} so far"
    change = join(element("h4", "Suspected change"), shown(anomaly.suspected_change)) if anomaly.suspected_change else ""
    evidence = join(element("h4", "Evidence"), shown(anomaly.evidence)) if anomaly.evidence else ""
    body = element("div", sentence, element("p", about, class_="note"), change, evidence, class_="body")
    return element("details", head, body, class_="anomaly", open=unfolded)


def decided(decisions: Sequence[Decision]) -> Html:
    """What the policy said to do, in order; renewals of one lease are one line."""
    if not decisions:
        return element("p", "No decision: the policy has nothing to say about it.", class_="note")
    rows: list[tuple[object, ...]] = [
        (moment(each.ts), words(each.action), element("code", each.target), words(each.reason), parameters(each))
        for each in [each for each in decisions if each.reason != Reason.RENEWED][:MOST_DECISIONS]
    ]
    renewals = sum(each.reason == Reason.RENEWED for each in decisions)
    note = element("p", f"and {renewals} renewals of a lease", class_="note") if renewals else ""
    return join(element("h4", "Decisions"), table(("when (UTC)", "action", "target", "reason", "parameters"), rows), note)


def parameters(decision: Decision) -> Html:
    """A decision's parameters on one line: those that are short; texts for people are in decisions.jsonl."""
    pairs = [
        (words(key), str(value)) for key, value in decision.params.items() if isinstance(value, str | int | float) and value != ""
    ]
    return element("span", ", ".join(f"{key} {value}" for key, value in pairs if len(value) <= SHORT), class_="note")
