"""The baseline: a mean at first, a level that follows later, not moved by what it should not learn."""

import numpy as np
import pytest

from detectors.baseline import Baseline, Window

START_MS = 1_700_006_400_000


def baseline(rows: int = 1) -> Baseline:
    made = Baseline()
    made.grow(rows)
    return made


def window(load: float, requests: float = 100.0) -> Window:
    """Of one row; every request of the same size."""
    each = np.full((1, 1), float(load))
    return Window(each, each, np.full((1, 1), requests), each)


def live(made: Baseline, loads: list[float], *, learns: bool = True, requests: float = 100.0, at: int = 0) -> Baseline:
    for number, load in enumerate(loads):
        made.forecast(START_MS + 10_000 * (at + number))
        made.learn(window(load, requests if load else 0.0), np.full((1, 1), 6 * 10.0), np.full((1, 1), learns))
    return made


def test_the_first_windows_are_averaged():
    loads = list(np.random.default_rng(1).uniform(500, 1500, 100))
    assert live(baseline(), loads).levels.load[0, 0] == pytest.approx(np.mean(loads))


def test_the_level_follows_half_of_a_change_within_half_an_hour():
    made = live(baseline(), [1000.0] * 1000)
    live(made, [1500.0] * 180, at=1000)
    assert made.levels.load[0, 0] == pytest.approx(1250, rel=0.03)


def test_the_pull_of_a_burst_is_limited():
    made = live(baseline(), [1000.0] * 1000)
    live(made, [50_000.0] * 6, at=1000)
    assert made.levels.load[0, 0] < 1050


def test_a_row_that_does_not_learn_stays_where_it_is():
    made = live(baseline(), [1000.0] * 100)
    live(made, [9000.0] * 100, learns=False, at=100)
    assert made.levels.load[0, 0] == pytest.approx(1000)


def test_silence_is_not_learnt_but_an_idle_row_is():
    silent, idle = live(baseline(), [1000.0] * 500), live(baseline(), ([5.0] + [0.0] * 19) * 25, requests=1.0)
    live(silent, [0.0] * 2000, at=500)
    assert silent.levels.load[0, 0] == pytest.approx(1000, rel=0.02)
    assert idle.levels.load[0, 0] == pytest.approx(0.25, rel=0.1)


def test_a_new_level_starts_from_what_was_seen():
    made = live(baseline(), [1000.0] * 500)
    made.relearn(np.ones((1, 1), np.bool_), window(7000.0))
    assert made.levels.load[0, 0] == 7000
    assert made.levels.windows[0, 0] == 1


def test_the_mean_size_is_taken_from_the_first_request():
    made = baseline()
    made.adopt_sizes(np.full((1, 1), 300.0), np.full((1, 1), 3.0))
    assert made.mean()[0, 0] == 100
