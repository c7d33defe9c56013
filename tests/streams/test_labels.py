"""What counts as a hit, and what the figures of labelled runs mean."""

from pathlib import Path

import pytest

from actions.incident import Incident
from detectors.anomaly import Anomaly, Severity
from detectors.canonical import time_text
from streams.errors import InputError
from streams.labels import Label, hits, read_labels, score


def anomaly(detector: str = "token_spike", start_s: int = 100, end_s: int = 130, scope: dict[str, str] | None = None) -> Anomaly:
    return Anomaly(
        id=f"{detector}{start_s}", detector=detector, scope=scope or {"tenant": "acme"}, window_start=time_text(start_s * 1000),
        window_end=time_text(end_s * 1000), severity=Severity.ERROR, observed=1, expected=1, unit="", score=1, cost_usd="2.5",
        reason="", evidence={}, suspected_change=None, policy_version="0" * 12,
    )  # fmt: skip


def incident(*members: Anomaly, severity: Severity = Severity.ERROR, resolved_s: int | None = None) -> Incident:
    return Incident(
        id="i" + members[0].id, title="", severity=severity, scope=members[0].scope, opened=members[0].window_end,
        resolved=None if resolved_s is None else time_text(resolved_s * 1000), anomaly_ids=tuple(each.id for each in members),
        paged=True, cost_usd="3",
    )  # fmt: skip


def label(kind: str = "token_spike", start_s: int = 90, end_s: int = 300, also: tuple[str, ...] = ()) -> Label:
    return Label(kind=kind, scope={"tenant": "acme"}, start=time_text(start_s * 1000), end=time_text(end_s * 1000), also=also)


def test_an_incident_of_the_kind_in_the_scope_and_time_is_a_hit():
    found = anomaly()
    assert hits(label(), incident(found), [found]) == [found]


@pytest.mark.parametrize(
    "missed",
    [anomaly(detector="unknown_price"), anomaly(scope={"tenant": "bob"}), anomaly(start_s=421, end_s=450)],
    ids=["another detector", "another tenant", "more than 120 s after the end"],
)
def test_what_is_not_a_hit(missed: Anomaly):
    assert not hits(label(), incident(missed), [missed])


def test_a_detector_of_also_names_the_incident_rightly():
    found = anomaly(detector="cost_spike")
    assert hits(label(also=("cost_spike",)), incident(found), [found])


def test_an_incident_that_was_resolved_before_the_fault_is_no_hit():
    early = anomaly(start_s=10, end_s=20)
    assert not hits(label(), incident(early, resolved_s=60), [early])


def test_the_figures_of_one_hit_and_one_false_page():
    right, wrong = anomaly(), anomaly(detector="retry_storm", scope={"tenant": "bob"})
    figures = score([label()], [incident(right), incident(wrong)], {each.id: each for each in (right, wrong)})
    assert figures["precision"] == 0.5
    assert figures["recall"] == 1.0
    assert figures["detection_delay_s"] == {"p50": 40.0, "p95": 40.0, "max": 40.0}
    assert figures["cost_before_detection_usd"] == "2.5"


def test_warnings_count_for_recall_but_not_for_precision():
    soft = anomaly()
    figures = score([label()], [incident(soft, severity=Severity.WARNING)], {soft.id: soft})
    assert (figures["precision"], figures["recall"]) == (1.0, 1.0)


def test_a_fault_that_nobody_found_counts_against_recall():
    assert score([label()], [], {})["recall"] == 0.0


@pytest.mark.parametrize("line", ['{"kind": "spike"}', "[", '{"kind":"token_spike","scope":{},"start":"x","end":"y"}'])
def test_a_bad_label_is_named_by_file_and_line(tmp_path: Path, line: str):
    path = tmp_path / "labels.jsonl"
    path.write_text("\n" + line + "\n")
    with pytest.raises(InputError, match=r"labels\.jsonl:2: "):
        read_labels(path)
