"""The parts of the kill programme that need no Kafka: what it counts, provokes and keeps."""

import json

import pytest

from tests.faults.board import keep, known, summary, table
from tests.faults.crash_points import CRASH
from tests.faults.episode import Result
from tests.faults.injections import INJECTIONS
from tests.faults.policy import KINDS, THROTTLE
from tests.faults.programme import FULL, short
from tests.faults.provocations import CANARY_MS, Provocations
from tests.faults.recount import recount
from tests.faults.steps import ACTING, STEPS, Trap, labels


def result(**changes) -> Result:
    plain = {
        "kind": "kill", "injections": 3, "kills": 3, "records": 100, "lost": 0, "duplicate_effects": 0, "repeated": 1,
        "excused": 0, "recoveries_s": [4.0, 2.0, 3.0], "broken": {}, "endings": {"page done": 2}, "seconds": 9.5,
    }  # fmt: skip
    return Result(**{**plain, **changes})


def usage(event_id: str, **fields) -> bytes:
    return json.dumps({"event_id": event_id, "model": "gpt-4o", "input_tokens": 1000, "output_tokens": 100, **fields}).encode()


def test_a_recount_tells_first_ones_repeats_and_what_is_refused_apart():
    values = [usage("a"), usage("a"), usage("b-x"), b"{", usage("c", cost_usd="0.5"), usage("d", input_tokens=None)]
    counted = recount({0: enumerate(values), 1: [(0, usage("a"))]})
    assert (counted.records, counted.accepted, counted.duplicates) == (7, 4, 1)
    assert counted.refused == {(0, 2), (0, 3)}
    assert counted.nanos == 2 * 3_500_000 + 500_000_000


def test_provocations_are_the_same_in_one_step_and_in_many():
    whole = list(Provocations(0, spend_ms=700, canary_ms=20_000, most=50, tag="t").until(CANARY_MS))
    pieces = Provocations(0, spend_ms=700, canary_ms=20_000, most=50, tag="t")
    stepped = [each for at_ms in range(100, CANARY_MS + 1, 100) for each in pieces.until(at_ms)]
    assert sorted(whole) == sorted(stepped)
    assert len({value for _, value in whole}) == len(whole)


def test_every_step_has_a_label_before_and_after_under_each_kind():
    for kind in KINDS:
        steps = {label.partition(".")[0] for label in labels(kind)}
        assert steps == STEPS.keys() - ({"quota"} if kind != THROTTLE else set())
        assert {f"{step}.{when}" for step in steps for when in ("before", "after")} <= set(labels(kind))
    assert set(ACTING) <= STEPS.keys()


@pytest.mark.parametrize("text", ["nowhere.after", "claim", "claim.sometimes"])
def test_a_crash_point_that_there_is_not_is_refused(text):
    with pytest.raises(ValueError, match="no such crash point"):
        Trap.parse(text)


def test_results_are_kept_beside_each_other_and_summed(tmp_path):
    path = tmp_path / "results.json"
    keep("kill 1", result(), path)
    keep("kill 2", result(recoveries_s=[11.0], injections=1, kills=1), path)
    figures = summary(known(path))
    assert (figures["kills"], figures["records"], figures["lost"], figures["recovery_p95_s"]) == (4, 200, 0, 11.0)
    assert figures["parts"]["kill"]["bound_95"] == 0.75
    assert figures["broken"] == {}


def test_the_table_has_a_heading_for_every_figure(tmp_path):
    keep("kill 1", result(), tmp_path / "results.json")
    made = table(summary(known(tmp_path / "results.json")))
    assert {len(row) for row in made.rows} == {len(made.columns)}


def test_every_kind_of_fault_is_in_the_programme_and_has_a_short_episode():
    kinds = {CRASH, *INJECTIONS}
    assert {each.kind for each in FULL} == kinds
    assert all(short(kind).injections <= 5 and short(kind).number == 0 for kind in kinds)


def test_the_programme_kills_three_hundred_times_and_names_each_episode_once():
    assert sum(each.injections for each in FULL if each.kind == "kill") == 300
    assert len({each.name for each in FULL}) == len(FULL)
