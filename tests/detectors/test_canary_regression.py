"""Many services at once: each is one experiment with a canary and a baseline."""

import numpy as np
import pytest

from detectors.anomaly import Severity
from detectors.buckets import COUNT as BUCKETS
from detectors.buckets import bucket_of
from detectors.canary_regression import COHORT, ROLLUP, CanaryRegression
from detectors.facts import COLUMN, HISTOGRAMS, SUMS, Histogram, RollupFacts, WindowFacts
from detectors.roster import Roster

START_MS = 1_700_006_400_000
EMPTY = Histogram(*np.zeros((3, 0), np.int64))
NONE = RollupFacts(Roster(ROLLUP), np.zeros((0, len(SUMS)), np.int64), dict.fromkeys(HISTOGRAMS, EMPTY))


class Experiments:
    """Heavy-tailed costs (1 % of the requests cost 20 times as much), a load and a cost level that shake both arms alike."""

    def __init__(self, services: int, *, seed: int, canary_per_s: float = 1.0, baseline_per_s: float = 4.0) -> None:
        self.random = np.random.default_rng(seed)
        self.roster = Roster(COHORT)
        self.roster.admit([(arm, arm[0], f"s{i:04}") for i in range(services) for arm in ("canary", "baseline")], 0)
        self.canary = np.array([scope[0][1] == "canary" for scope in self.roster.scopes])
        self.service = np.array([int(scope[2][1][1:]) for scope in self.roster.scopes])
        self.rate = 10 * np.where(self.canary, canary_per_s, baseline_per_s)
        self.level = np.zeros(services)
        self.detector = CanaryRegression()
        self.failed_s = np.full(services, np.inf)
        self.verdicts: dict[str, str] = {}
        self.found = []
        self.number = 0

    def run(self, windows: int, *, cost: float = 1.0, success: float = 0.95, arms: tuple[int, int] = (1, 1)) -> "Experiments":
        for _ in range(windows):
            self.found = self.detector.judge(self.window(cost, success, np.where(self.canary, *arms)))
            self.number += 1
            for each in self.found:
                at = int(dict(each.scope)["service"][1:])
                self.failed_s[at] = min(self.failed_s[at], self.number * 10)
            self.verdicts.update({each.service: each.verdict for each in self.detector.verdicts})
        return self

    def window(self, cost: float, success: float, arms: np.ndarray) -> WindowFacts:
        self.level = 0.9 * self.level + self.random.normal(0, 0.11, len(self.level))
        attempts = self.random.poisson(arms * self.rate * np.exp(self.level[self.service]))
        row = np.repeat(np.arange(len(self.roster)), attempts)
        nanos = 1e7 * self.random.lognormal(-0.5, 1, len(row)) * np.where(self.random.random(len(row)) < 0.01, 20, 1)
        nanos = (nanos * np.exp(0.3 * self.level[self.service[row]]) * np.where(self.canary[row], cost, 1)).astype(np.int64)
        sums = np.zeros((len(self.roster), len(SUMS)), np.int64)
        sums[:, COLUMN["attempts"]] = attempts
        sums[:, COLUMN["successes"]] = self.random.binomial(attempts, np.where(self.canary, success, 0.95))
        sums[:, COLUMN["known_nanos"]] = np.bincount(row, weights=nanos, minlength=len(self.roster))
        cell, count = np.unique(row * BUCKETS + bucket_of(nanos), return_counts=True)
        histograms = {**dict.fromkeys(HISTOGRAMS, EMPTY), "cost_nanos": Histogram(cell // BUCKETS, cell % BUCKETS, count)}
        start_ms = START_MS + self.number * 10_000
        return WindowFacts(start_ms, start_ms + 10_000, {COHORT: RollupFacts(self.roster, sums, histograms), ROLLUP: NONE})


def test_a_canary_that_costs_twice_as_much_is_found_within_five_minutes_at_one_request_a_second():
    failed_s = Experiments(100, seed=31).run(40, cost=2.0).failed_s
    assert np.median(failed_s) <= 180
    assert np.quantile(failed_s, 0.95, method="higher") <= 300


def test_a_canary_that_costs_half_more_is_found_within_six_minutes_half_of_the_time_and_always_in_the_end():
    failed_s = Experiments(60, seed=32).run(120, cost=1.5).failed_s
    assert np.median(failed_s) <= 360
    assert np.isfinite(failed_s).mean() >= 0.98


def test_a_canary_that_fails_more_often_is_found_although_its_requests_cost_the_same():
    assert np.isfinite(Experiments(60, seed=33).run(180, success=0.7).failed_s).mean() >= 0.95


def test_a_canary_that_never_succeeds_is_found():
    failed_s = Experiments(30, seed=34).run(20, success=0.0).failed_s
    assert failed_s.max() <= 200


@pytest.mark.slow
def test_a_canary_like_its_baseline_is_rolled_back_in_at_most_one_of_a_hundred_cases():
    experiments = Experiments(1_000, seed=35).run(360)
    assert np.isfinite(experiments.failed_s).mean() <= 0.01
    assert list(experiments.verdicts.values()).count("pass") >= 500


@pytest.mark.slow
def test_a_rise_that_nobody_minds_is_rolled_back_in_at_most_one_of_a_hundred_cases():
    assert np.isfinite(Experiments(500, seed=36).run(360, cost=1.1).failed_s).mean() <= 0.01


def test_a_canary_that_turns_bad_after_half_an_hour_is_still_found():
    experiments = Experiments(40, seed=37).run(180)
    assert np.isinf(experiments.failed_s).all()
    assert np.isfinite(experiments.run(60, cost=2.0).failed_s).all()
    assert all(each.since_ms > START_MS for each in experiments.found)


def test_nothing_is_decided_on_few_requests():
    experiments = Experiments(10, seed=38).run(3, cost=10.0)
    assert set(experiments.verdicts.values()) == {"insufficient_data"}
    assert np.isinf(experiments.failed_s).all()


def test_without_a_baseline_nothing_is_decided_and_the_verdict_says_so():
    experiments = Experiments(5, seed=39).run(60, cost=10.0, arms=(1, 0))
    assert set(experiments.verdicts.values()) == {"no_baseline"}
    assert np.isinf(experiments.failed_s).all()


def test_without_a_canary_there_is_no_verdict():
    assert Experiments(5, seed=40).run(60, arms=(0, 1)).verdicts == {}


def test_a_failure_lasts_while_the_canary_runs_and_ends_with_it():
    experiments = Experiments(5, seed=41).run(60, cost=3.0)
    assert len(experiments.run(30, cost=1.0).found) == 5
    assert experiments.run(1, arms=(0, 1)).found == []


def test_an_anomaly_names_release_baseline_and_money():
    abnormal = Experiments(1, seed=42).run(60, cost=3.0).found[0]
    assert abnormal.scope == (("release", "c"), ("service", "s0000"))
    assert abnormal.severity is Severity.CRITICAL
    assert abnormal.observed / abnormal.expected == pytest.approx(3.0, rel=0.3)
    assert abnormal.suspected_change["kind"] == "release"
    assert abnormal.evidence["e_value"] >= 100
    assert abnormal.excess_nanos > 0


def test_verdicts_change_once():
    experiments, changes = Experiments(5, seed=43), []
    for _ in range(60):
        experiments.run(1, cost=3.0)
        changes += [each.verdict for each in experiments.detector.verdicts if each.service == "s0000"]
    assert changes == ["insufficient_data", "fail"]
