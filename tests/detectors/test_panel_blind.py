"""Windows without all of the traffic: what is found is marked, who is blind is named, and nothing ends."""

import dataclasses

from detectors.anomaly import Severity
from detectors.facts import Blindness
from detectors.panel import Panel
from detectors.setup import Setup
from tests.detectors.builders import FactsBuilder

START_MS = 1_790_000_000_000
BLIND = (Blindness(partition=3, why="without a leader", seen_ms=START_MS - 30_000),)


def judged(panel, build, numbers, *, blind=(), unknown=0):
    judgements = []
    for number in numbers:
        rows = {("model",): {("odd",): {"attempts": unknown, "operations": unknown, "unknown_price": unknown}}}
        facts = build.window(START_MS + number * 10_000, rows)
        judgements.append(panel.judge(dataclasses.replace(facts, blind=blind, complete=not blind)))
    return judgements


def panel_and_builder():
    panel = Panel(Setup())
    return panel, FactsBuilder(*panel.rollups)


def test_a_blind_partition_is_an_error_of_its_own_for_as_long_as_it_is_blind():
    panel, build = panel_and_builder()
    first, *others = judged(panel, build, range(30), blind=BLIND)
    (anomaly,) = first.anomalies
    assert (anomaly.detector, anomaly.scope, anomaly.severity) == ("telemetry_silence", {"partition": "3"}, Severity.ERROR)
    assert "without a leader" in anomaly.reason
    assert first.blind == {"3": "without a leader"}
    assert not [each for judgement in others for each in (*judgement.anomalies, *judgement.ended)]


def test_it_ends_some_time_after_the_partition_is_seen_again():
    panel, build = panel_and_builder()
    judged(panel, build, range(5), blind=BLIND)
    seen = judged(panel, build, range(5, 400))
    assert [each.detector for judgement in seen for each in judgement.ended] == ["telemetry_silence"]
    assert all(judgement.blind == {} for judgement in seen)


def test_a_rise_is_found_and_marked_and_does_not_end_while_something_is_blind():
    panel, build = panel_and_builder()
    (judgement,) = judged(panel, build, [0], blind=BLIND, unknown=100)
    rise = next(each for each in judgement.anomalies if each.detector == "unknown_price")
    assert rise.evidence["incomplete"] == ["3"]
    assert not [each for later in judged(panel, build, range(1, 200), blind=BLIND) for each in later.ended]
    after = [each.detector for later in judged(panel, build, range(200, 600)) for each in later.ended]
    assert "unknown_price" in after


def test_a_rise_in_a_window_with_all_of_the_traffic_is_not_marked():
    panel, build = panel_and_builder()
    (judgement,) = judged(panel, build, [0], unknown=100)
    assert all("incomplete" not in each.evidence for each in judgement.anomalies)
