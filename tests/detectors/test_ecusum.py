"""Laws of the e-CUSUM: fair under its null, quick beyond it, dated, bounded."""

import math

import numpy as np
import pytest

from detectors.ecusum import RHOS, Ecusum, Speed

PLAIN = Speed(name="plain", delta=0.0, threshold=5.0, step=math.inf)
STEADY = Speed(name="steady", delta=1.0, threshold=100.0, step=3.2)


def logs(marks: np.ndarray) -> np.ndarray:
    """Of windows with these marks, one row a window: shape (bets, 1, rows)."""
    return np.array([np.log1p((rho - 1) * marks).sum(axis=1)[None, :] for rho in RHOS])


def bank(*speeds: Speed, rows: int = 1) -> Ecusum:
    made = Ecusum(speeds)
    made.grow(rows)
    return made


def test_a_step_multiplies_the_e_value_by_no_more_than_one_on_average_when_the_rate_is_as_expected():
    random = np.random.default_rng(1)
    for marks_a_window in (0.5, 3, 20):
        count = random.poisson(marks_a_window, 40_000)
        marks = np.where(np.arange(count.max()) < count[:, None], random.beta(0.3, 2, (40_000, count.max())), 0)
        mean = marks_a_window * 0.3 / 2.3
        factors = np.exp(logs(marks)[0, 0] - mean)
        assert factors.mean() == pytest.approx(1, abs=4 * factors.std() / 200)


def test_alarms_are_no_more_frequent_than_the_threshold_promises():
    random = np.random.default_rng(2)
    ecusum = bank(PLAIN, rows=400)
    alarms = 0
    for _ in range(200):
        ecusum.update(logs(random.random((400, 4)) * (random.random((400, 4)) < 0.5)), np.full((1, 400), 1.0), 0)
        alarmed = ecusum.reaches(0, PLAIN.threshold)
        alarms += alarmed.sum()
        ecusum.reset(alarmed)
    assert alarms / (400 * 200) <= math.exp(-PLAIN.threshold)


def test_one_window_adds_no_more_than_its_step():
    ecusum = bank(STEADY)
    for window in range(31):
        ecusum.update(logs(np.ones((1, 1000))), np.ones((1, 1)), window)
        assert ecusum.top[0, 0, 0] <= 3.2 * (window + 1) + 1e-9
    assert not ecusum.reaches(0, STEADY.threshold).any()


def test_evidence_falls_soon_after_the_end():
    ecusum = bank(PLAIN)
    for window in range(1000):
        ecusum.update(logs(np.ones((1, 50))), np.full((1, 1), 5.0), window)
    assert ecusum.top[0, 0, 0] == PLAIN.threshold + 1
    for window in range(3):
        ecusum.update(logs(np.zeros((1, 50))), np.full((1, 1), 5.0), window)
    assert ecusum.top[0, 0, 0] <= 0


def test_the_beginning_is_the_window_in_which_evidence_left_zero():
    ecusum = bank(PLAIN)
    for window, load in enumerate((0, 0, 0, 9, 9, 9)):
        ecusum.update(logs(np.ones((1, load + 1))), np.full((1, 1), 2.0), window * 10_000)
    assert ecusum.since_ms(0)[0, 0] == 30_000


def test_it_becomes_what_it_was():
    ecusum, copy = bank(PLAIN, STEADY), bank(PLAIN, STEADY)
    ecusum.update(logs(np.ones((1, 9))), np.full((1, 1), 2.0), 1)
    copy.restore(ecusum.snapshot())
    for each in (ecusum, copy):
        each.update(logs(np.ones((1, 5))), np.full((1, 1), 2.0), 2)
    assert (ecusum.top == copy.top).all()
    assert (ecusum.reaches(0, 3.0) == copy.reaches(0, 3.0)).all()


def test_logs_of_rows_that_cannot_rise_may_be_left_out():
    random, full, lazy = np.random.default_rng(5), bank(PLAIN, STEADY, rows=300), bank(PLAIN, STEADY, rows=300)
    left_out = 0
    for window in range(60):
        marks = random.random((300, 12)) * (random.random((300, 12)) < 0.5)
        expected = np.full((1, 300), 3.0)
        rises = lazy.may_rise(marks.sum(axis=1)[None, :], expected)
        left_out += (~rises).sum()
        full.update(logs(marks), expected, window * 10_000)
        lazy.update(logs(marks) * rises, expected, window * 10_000)
        assert np.array_equal(np.maximum(full.top, 0), np.maximum(lazy.top, 0))
        assert np.array_equal(full.since_ms(0), lazy.since_ms(0))
    assert left_out > 3_000
