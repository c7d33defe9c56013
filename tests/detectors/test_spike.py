"""Quality of the spike bank on simulated fleets: what is found and when, what is not reported, what is not learnt."""

import numpy as np
import pytest

from detectors.spike import SpikeBank
from detectors.spike_report import Channel, Grade
from tests.detectors.fleet import DAY, HOUR, Fleet

BUSY = np.geomspace(1, 20, 60)
MEDIUM = np.geomspace(0.05, 0.25, 60)


@pytest.fixture(scope="module")
def history() -> dict:
    """What a bank knows of busy tenants after three hours of ordinary traffic."""
    fleet = Fleet(3, BUSY)
    assert not (fleet.calm(3 * HOUR) == Grade.ERROR).any()
    return {"fleet": fleet, "state": fleet.bank.snapshot()}


@pytest.fixture
def fleet(history) -> Fleet:
    """The same fleet after three hours, to be struck by the test."""
    fleet = Fleet(3, BUSY)
    vars(fleet).update({name: value for name, value in vars(history["fleet"]).items() if name != "bank"})
    fleet.random = np.random.default_rng(17)
    fleet.bank = SpikeBank()
    fleet.bank.restore(history["state"])
    return fleet


@pytest.mark.parametrize("fault", [{"rate": 10.0}, {"size": 10.0}], ids=["more requests", "bigger requests"])
def test_a_tenfold_spike_is_seen_within_three_windows_of_three_hours_of_history(fleet, fault):
    taken = fleet.spike(30, **fault)
    assert np.median(taken) <= 3
    assert (taken <= 10).mean() >= 0.95


@pytest.mark.parametrize("fault", [{"rate": 10.0}, {"size": 10.0}], ids=["more requests", "bigger requests"])
def test_a_tenfold_spike_is_worth_a_page_within_a_minute(fleet, fault):
    assert np.median(fleet.spike(30, grade=Grade.ERROR, **fault)) <= 6


@pytest.mark.parametrize("fault", [{"rate": 5.0}, {"size": 5.0}], ids=["more requests", "bigger requests"])
def test_nineteen_of_twenty_fivefold_spikes_are_found_within_twenty_minutes(fleet, fault):
    assert np.isfinite(fleet.spike(120, **fault)).mean() >= 0.95


def test_a_tenfold_spike_of_a_medium_tenant_is_found():
    fleet = Fleet(5, MEDIUM, noise=False)
    fleet.calm(3 * HOUR)
    taken = fleet.spike(180, grade=Grade.ERROR, rate=10.0)
    assert np.isfinite(taken).mean() >= 0.9
    assert np.median(taken) <= 20


def test_bigger_requests_are_told_from_more_requests(fleet):
    fleet.noise = False
    fleet.spike(12, size=10.0)
    channels = [fleet.bank.sighting(0, row).channel for row in np.flatnonzero(fleet.grade)]
    assert channels.count(Channel.SIZE) >= 0.9 * len(BUSY)


def test_the_end_of_a_spike_is_seen_within_a_few_windows(fleet):
    fleet.spike(30, rate=10.0)
    fleet.calm(8)
    assert (fleet.grade == 0).mean() >= 0.9


def test_the_beginning_is_dated_to_the_window_of_the_change(fleet):
    began_ms = fleet.now_ms
    fleet.spike(6, rate=10.0)
    since = fleet.bank.alarms.since_ms[0, fleet.grade > 0]
    assert (abs(since - began_ms) <= 20_000).mean() >= 0.9


def test_a_spike_of_two_hours_leaves_the_next_one_as_easy_to_see(fleet):
    first = fleet.spike(2 * HOUR, grade=Grade.ERROR, rate=10.0)
    fleet.calm(HOUR // 3)
    second = fleet.spike(60, grade=Grade.ERROR, rate=10.0)
    assert np.median(second) <= np.median(first)
    assert np.isfinite(second).all()


def test_a_throttled_spike_lasts_while_its_demand_does(fleet):
    fleet.spike(12, rate=10.0)
    alarming = fleet.grade > 0
    for _ in range(30):
        fleet.window(throttled=200 * 9 * 1.0, learns=False)
    assert (fleet.grade[alarming] > 0).mean() >= 0.9


def test_a_level_that_lasts_a_day_is_learnt_and_said_so():
    fleet = Fleet(7, np.full(4, 5.0), ratio=1.0, noise=False)
    fleet.calm(2 * HOUR)
    assert np.isfinite(fleet.spike(12, grade=Grade.ERROR, rate=10.0)).all()
    fleet.at += DAY - 14
    assert not fleet.window(rate=10.0).relearnt.any()
    assert sum(fleet.window(rate=10.0).relearnt.sum() for _ in range(6)) == 4
    assert np.isinf(fleet.spike(HOUR, rate=10.0)).all()


def test_who_appears_is_not_abnormal_by_appearing():
    fleet = Fleet(9, np.full(30, 5.0))
    present = np.arange(30) < 15
    for _ in range(HOUR):
        fleet.window(rate=np.where(present, 1.0, 0.0))
    assert not fleet.calm(2 * HOUR)[~present].any()


def test_silence_wears_no_level_down():
    fleet = Fleet(11, np.full(30, 2.0), ratio=1.0, noise=False)
    fleet.calm(2 * HOUR)
    for _ in range(3 * HOUR):
        fleet.window(rate=0.0)
    assert not fleet.calm(HOUR).any()


@pytest.mark.slow
def test_a_clean_day_pages_for_nobody():
    fleet = Fleet(13, np.geomspace(0.05, 20, 40))
    fleet.calm(HOUR)
    assert not (fleet.calm(DAY) == Grade.ERROR).any()
