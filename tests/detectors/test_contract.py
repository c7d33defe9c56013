import copy
import dataclasses
import inspect

import msgspec
import numpy as np
import pytest

from detectors import DETECTORS
from detectors.anomaly import Anomaly, Severity
from detectors.base import Detector, explained
from detectors.canonical import encode, rounded
from detectors.facts import SUMS, LateFacts, WindowFacts
from tests.detectors.builders import FactsBuilder
from tests.detectors.streams import BUDGET, ROLLUPS, START_MS, House, calm, faulty

FAULT_AT = 60
FAULTY = House().windows(faulty(100, begins_at=FAULT_AT))
SHUFFLED = House(order=3).windows(faulty(70, begins_at=FAULT_AT))
SHIFTED = House.with_strangers().windows(faulty(100, begins_at=FAULT_AT))
CALM = House(seed=7).windows(calm(150, grows_at=90))
KEYWORDS = {
    "river_model": {"scopes": ["tenant=acme", "global"], "keep": 40, "model": "StandardAbsoluteDeviation"},
    "telemetry_silence": {"warm_s": 300},
}
SPEAKING = set(DETECTORS) - {"null"}


def make(name: str) -> Detector:
    detector = DETECTORS[name]
    keywords = dict(KEYWORDS.get(name, {}))
    if "budgets" in inspect.signature(detector).parameters:
        keywords["budgets"] = (BUDGET,)
    return detector(**keywords)


def answers(detector: Detector, windows) -> list[list[bytes]]:
    return [said(detector, facts) for facts in windows]


def said(detector: Detector, facts: WindowFacts) -> list[bytes]:
    return sorted(
        encode(
            Anomaly.of(
                explained(detector, facts, each),
                detector=detector.name,
                since_ms=each.since_ms,
                end_ms=facts.end_ms,
                cost_nanos=0,
                policy_version="",
            )
        )
        for each in detector.judge(facts)
    )


@pytest.fixture(params=sorted(DETECTORS))
def name(request) -> str:
    return request.param


def test_a_detector_is_called_like_its_module_and_its_place_in_the_registry(name):
    detector = DETECTORS[name]
    assert detector.name == name == detector.__module__.rpartition(".")[2]
    assert detector.__name__ == "".join(part.title() for part in name.split("_"))


def test_it_can_be_made_without_arguments_and_says_what_it_needs(name):
    detector = DETECTORS[name]()
    assert isinstance(detector.needs_warm_up, bool)
    assert isinstance(detector.needs_money_floor, bool)
    assert all(tuple(sorted(rollup)) == rollup for rollup in detector.rollups)


def test_its_parameters_are_keywords_with_defaults(name):
    parameters = inspect.signature(DETECTORS[name]).parameters.values()
    assert all(each.kind is each.KEYWORD_ONLY and each.default is not each.empty for each in parameters)


def test_it_reads_no_rollup_that_it_does_not_name(name):
    detector = make(name)
    for facts in FAULTY[:3]:
        own = {rollup: facts.rollups[rollup] for rollup in detector.rollups}
        detector.judge(WindowFacts(facts.start_ms, facts.end_ms, own))


def test_the_same_windows_give_the_same_answers_and_stay_what_they_are(name):
    assert not FAULTY[0].rollups[()].sums.flags.writeable
    assert answers(make(name), FAULTY) == answers(make(name), FAULTY)


def test_a_fault_is_found_and_a_calm_window_before_it_is_not_called_abnormal(name):
    told = answers(make(name), FAULTY)
    assert not any(told[:FAULT_AT])
    assert any(told[FAULT_AT:]) == (name in SPEAKING)


def test_a_calm_stream_is_silent(name):
    assert answers(make(name), CALM) == [[]] * len(CALM)


def test_a_scope_in_the_slot_of_one_that_is_forgotten_is_judged_like_any_new_one(name, monkeypatch):
    monkeypatch.setitem(KEYWORDS["river_model"], "scopes", ["tenant=acme"])  # everything together is forgotten by nobody
    house, ghosts = House.haunted()
    windows = house.windows(faulty(100, begins_at=FAULT_AT))
    assert len(windows[0].rollups["tenant",].reused) == 3
    detector = make(name)
    answers(detector, ghosts)
    of_the_living = [[line for line in told if b"ghost" not in line] for told in answers(detector, windows)]
    assert of_the_living == answers(make(name), FAULTY)


@pytest.mark.parametrize("at", [0, 1, 59, 61, 66, 90])
def test_a_detector_that_is_restored_goes_on_as_if_nothing_had_happened(name, at):
    going, restored = make(name), make(name)
    answers(going, FAULTY[:at])
    restored.restore(copied(going.snapshot()))
    assert answers(restored, FAULTY[at : at + 20]) == answers(going, FAULTY[at : at + 20])


def copied(state):
    """Through the types that a snapshot may hold and no others."""
    if isinstance(state, dict):
        assert all(isinstance(key, str) for key in state)
        return {key: copied(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return [copied(each) for each in state]
    if isinstance(state, np.ndarray):
        return np.frombuffer(state.tobytes(), state.dtype).reshape(state.shape).copy()
    assert state is None or type(state) in {int, float, str, bool, bytes}, type(state)
    return state


def test_a_snapshot_shares_no_memory_with_its_detector(name):
    detector = make(name)
    answers(detector, FAULTY[55:64])
    snapshot = detector.snapshot()
    before = copy.deepcopy(snapshot)
    answers(detector, FAULTY[64:70])
    assert same(snapshot, before)


def test_a_restored_detector_shares_no_memory_with_the_snapshot(name):
    detector, restored = make(name), make(name)
    answers(detector, FAULTY[55:64])
    snapshot = detector.snapshot()
    before = copy.deepcopy(snapshot)
    restored.restore(snapshot)
    answers(restored, FAULTY[64:70])
    assert same(snapshot, before)


def same(state, other) -> bool:
    if isinstance(state, dict):
        return list(state) == list(other) and all(same(state[key], other[key]) for key in state)
    if isinstance(state, list | tuple):
        return len(state) == len(other) and all(map(same, state, other))
    return np.array_equal(state, other, equal_nan=True) if isinstance(state, np.ndarray) else state == other


def test_windows_without_a_record_are_fine(name):
    build = FactsBuilder(*ROLLUPS)
    windows = [build.window(START_MS + number * 10_000) for number in range(5)]
    assert answers(make(name), windows) == [[]] * 5


def test_a_window_without_a_record_in_the_middle_is_fine(name):
    answers(make(name), House().windows([*calm(3), [], [], *calm(3)]))


def test_a_roster_that_grows_is_fine(name):
    answers(make(name), House().windows([sources[: number + 1] for number, sources in enumerate(calm(6))]))


def test_slots_do_not_matter(name):
    """Two newcomers first, so that every scope after them has another slot."""
    assert answers(make(name), FAULTY) == answers(make(name), SHIFTED)


def test_the_order_in_which_records_came_does_not_matter(name):
    assert answers(make(name), FAULTY[50:70]) == answers(make(name), SHUFFLED[50:70])


def test_it_never_looks_ahead(name):
    house = House()
    detector, alone = make(name), make(name)
    told = answers(detector, FAULTY[:70])
    assert [said(alone, house.window(number, sources)) for number, sources in enumerate(faulty(70, begins_at=FAULT_AT))] == told


def test_what_it_says_is_well_formed(name):
    detector = make(name)
    for facts in FAULTY:
        abnormals = detector.judge(facts)
        assert len({each.scope for each in abnormals}) == len(abnormals)
        for each in abnormals:
            assert isinstance(each.severity, Severity)
            assert [type(each.excess_nanos), type(each.since_ms)] == [int, int]
            assert each.excess_nanos >= 0
            assert each.since_ms <= facts.end_ms
            assert 0 <= each.score <= 1
            assert np.isfinite([each.observed, each.expected]).all()
            assert each.reason
            assert each.unit


def test_its_evidence_is_json_and_says_something(name):
    detector = make(name)
    for facts in FAULTY:
        for each in detector.judge(facts):
            evidence = explained(detector, facts, each).evidence
            assert msgspec.json.decode(encode(rounded(evidence)))
            assert all(isinstance(key, str) for key in evidence)


def test_windows_of_a_blind_source_are_fine(name):
    blind = [WindowFacts(each.start_ms, each.end_ms, each.rollups, (), complete=False) for each in FAULTY[55:75]]
    answers(make(name), blind)


def test_late_facts_are_no_reason_to_say_anything(name):
    """They move sums of budgets, here by a cent, and nothing else."""
    sums = tuple(10_000_000 if column == "known_nanos" else int(column == "attempts") for column in SUMS)
    scopes = [scope for each in CALM[50].rollups.values() for scope in each.roster.scopes]
    late = tuple(LateFacts(CALM[40].start_ms, scope, sums) for scope in scopes)
    windows = [dataclasses.replace(each, late=late) if number == 50 else each for number, each in enumerate(CALM[:80])]
    assert answers(make(name), windows) == [[]] * 80
