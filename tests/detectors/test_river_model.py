import numpy as np
import pytest

from detectors.anomaly import Severity
from detectors.river_model import RiverModel
from tests.detectors.builders import FactsBuilder


class Run:
    def __init__(self, **keywords) -> None:
        self.detector = RiverModel(**{"scopes": ["tenant=acme"], "keep": 60, **keywords})
        self.build, self.number, self.random = FactsBuilder(("tenant",)), 0, np.random.default_rng(2)

    def windows(self, count: int, level: float, *, noise: float = 0.2):
        return [self.window(level * self.random.lognormal(0, noise)) for _ in range(count)]

    def window(self, level: float):
        sums = {"attempts": round(10 * level), "input_tokens": round(5_000 * level), "known_nanos": round(1e7 * level)}
        facts = self.build.window(self.number * 10_000, {("tenant",): {("acme",): sums}})
        self.number += 1
        return self.detector.judge(facts)


@pytest.mark.parametrize("model", ["HalfSpaceTrees", "GaussianScorer", "StandardAbsoluteDeviation"])
def test_a_rise_that_lasts_is_a_warning(model):
    run = Run(model=model, model_keywords={"window_size": 50} if model == "HalfSpaceTrees" else {})
    assert not any(run.windows(150, 10))
    said = [each for window in run.windows(20, 100) for each in window]
    assert {each.severity for each in said} == {Severity.WARNING}
    assert said[0].excess_nanos > 0


def test_a_constant_stream_is_nothing_whatever_the_model_thinks_of_it():
    assert not any(Run(model="GaussianScorer").windows(200, 10, noise=0))


def test_a_drift_upwards_is_a_warning():
    run = Run(model="GaussianScorer", quantile=0.9999, keep=200)
    run.windows(400, 10, noise=0.3)
    said = [each for window in run.windows(150, 15, noise=0.3) for each in window]
    assert any(each.evidence["drifted"] for each in said)


def test_without_scopes_it_judges_nothing():
    assert Run(scopes=()).detector.rollups == ()
    assert not any(Run(scopes=()).windows(5, 10))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": "Oracle"}, "no detector 'Oracle'"),
        ({"drift": "Oracle"}, "no detector 'Oracle'"),
        ({"model": "base"}, "no detector 'base'"),
        ({"scopes": [f"tenant=t{i}" for i in range(501)]}, "at most 500"),
        ({"quantile": 1.0}, "quantile"),
        ({"scopes": ["tenant"]}, "dim=value"),
    ],
)
def test_what_river_does_not_have_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        RiverModel(**{"scopes": ["tenant=acme"], **wrong})


def test_models_are_the_same_after_a_restart_that_falls_between_two_rebuilds():
    going, restored = Run(), Run()
    going.windows(137, 10)
    restored.detector.restore(going.detector.snapshot())
    restored.build, restored.number, restored.random = FactsBuilder(("tenant",)), going.number, np.random.default_rng(8)
    going.random = np.random.default_rng(8)
    assert [going.windows(40, 30), going.windows(60, 10)] == [restored.windows(40, 30), restored.windows(60, 10)]


def test_no_more_than_twice_the_windows_are_kept():
    run = Run()
    run.windows(400, 10)
    assert 60 <= len(run.detector.snapshot()["tenant=acme"]) <= 120
