import dataclasses

import numpy as np
import pytest

from detectors.anomaly import Severity
from detectors.canonical import parse_time
from detectors.facts import SUMS, LateFacts
from detectors.telemetry_silence import TelemetrySilence
from tests.detectors.builders import FactsBuilder

START_MS = parse_time("2024-05-01T00:00:00Z")  # a Wednesday
SERVICE = (("service", "answers"),)


class Run:
    def __init__(self, *, window_ms: int = 10_000) -> None:
        self.detector, self.build, self.number = TelemetrySilence(), FactsBuilder(("service",), window_ms=window_ms), 0
        self.random = np.random.default_rng(9)

    def window(self, attempts: int, *, others: int = 100, complete: bool = True, late: tuple[LateFacts, ...] = ()):
        rows = {
            (): {(): {"attempts": attempts + others, "operations": attempts + others}},
            ("service",): {("answers",): {"attempts": attempts}, ("others",): {"attempts": others}},
        }
        facts = self.build.window(START_MS + self.number * self.build.window_ms, rows, late=late)
        self.number += 1
        return self.detector.judge(dataclasses.replace(facts, complete=complete))

    def windows(self, count: int, rate: float, **more):
        return [self.window(int(self.random.poisson(rate)), **more) for _ in range(count)]

    def silent_s(self, **more) -> int | None:
        """Seconds of silence until something is said."""
        for number in range(2_000):
            if self.window(0, **more):
                return (number + 1) * 10
        return None


def test_a_busy_service_is_found_within_seventy_seconds():
    run = Run()
    run.windows(400, 100)
    assert 60 <= run.silent_s() <= 70


def test_one_service_is_a_warning_and_everything_an_error():
    run = Run()
    run.windows(400, 100)
    said = run.windows(7, 0, others=0)[-1]
    assert {each.scope: each.severity for each in said} == {
        (): Severity.ERROR,
        SERVICE: Severity.WARNING,
        (("service", "others"),): Severity.WARNING,
    }


@pytest.mark.parametrize("rate", [0.02, 0.2, 1, 10])
def test_gaps_that_come_by_chance_are_nothing(rate):
    assert not any(Run().windows(3_000, rate))


def test_a_sparse_service_is_found_after_twenty_of_its_gaps():
    run = Run()
    run.windows(2_000, 1)
    assert 150 <= run.silent_s() <= 300


def test_a_service_that_pauses_regularly_may_pause():
    run = Run()
    for _ in range(30):
        assert not any([*run.windows(3, 100), *run.windows(27, 0)])


def test_silence_in_the_hours_that_are_silent_is_plausible_from_the_second_day_on():
    run, hours = Run(window_ms=60_000), []
    for hour in range(6 * 24):
        said = run.windows(60, 100 if 6 <= hour % 24 < 20 else 0)
        hours += [hour] if any(said) else []
    assert set(hours) <= set(range(20, 30)) | {3 * 24 + each for each in range(24)}


def test_nothing_is_said_of_a_service_without_history():
    run = Run()
    run.windows(300, 100)
    assert run.silent_s() is None


def test_blind_windows_are_not_silence():
    run = Run()
    run.windows(400, 100)
    assert not any(run.windows(30, 0, complete=False))
    assert not any(run.windows(5, 0))
    assert any(run.windows(3, 0))


def test_late_records_are_speech():
    run = Run()
    run.windows(400, 100)
    late = LateFacts(START_MS, SERVICE, (1,) * len(SUMS))
    assert not any(run.windows(30, 0, late=(late,)))


def test_it_says_so_until_the_service_speaks_again():
    run = Run()
    run.windows(400, 100)
    assert all(run.windows(60, 0)[6:])
    assert run.window(1) == []


def test_a_service_that_is_gone_for_a_day_is_forgotten():
    run = Run()
    run.windows(400, 100)
    said = run.windows(8_700, 0)
    assert said[8_000]
    assert not said[-1]


def test_evidence_says_when_it_was_heard_and_how_often():
    run = Run()
    run.windows(400, 100)
    (abnormal,) = run.windows(6, 0)[-1]
    assert abnormal.evidence["last_heard"] == "2024-05-01T01:06:40Z"
    assert abnormal.evidence["attempts_per_min"] == pytest.approx(600, rel=0.05)
    assert (abnormal.observed, abnormal.unit) == (60.0, "s")
