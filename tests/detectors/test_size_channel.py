"""Laws of the size channel: fair under its null, quick beyond it, blind to the number of requests."""

import numpy as np
import pytest

from detectors.size_channel import LAMBDAS, SizeChannel

DELTA = 0.75


def logs(sizes: np.ndarray) -> np.ndarray:
    """Of windows with requests of these sizes in multiples of the mean, one row a window: shape (bets, 1, rows)."""
    stakes = [np.log(1 - bet + bet * np.minimum(sizes, 24) / (1 + DELTA)) for bet in LAMBDAS]
    return np.array([each.sum(axis=1)[None, :] for each in stakes])


def heavy(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Lognormal sizes of mean 1, one in a hundred 20 times as large."""
    sizes = random.lognormal(0, 1, shape) * np.where(random.random(shape) < 0.01, 20, 1)
    return sizes / (np.exp(0.5) * 1.19)


def windows_until(factor: float, threshold: float, windows: int = 60, rows: int = 200) -> np.ndarray:
    random = np.random.default_rng(4)
    channel = SizeChannel(delta=DELTA, step=21, most=43)
    channel.grow(rows)
    taken = np.full(rows, np.inf)
    for window in range(windows):
        channel.update(logs(factor * heavy(random, (rows, 10))), window)
        reached = channel.reaches(threshold)[0]
        taken[reached & np.isinf(taken)] = window + 1
    return taken


@pytest.mark.parametrize("growth", [1.0, 1 + DELTA])
def test_a_request_multiplies_the_stake_by_no_more_than_one_on_average_within_the_margin(growth):
    factors = np.exp(logs(growth * heavy(np.random.default_rng(3), (200_000, 1)))[:, 0])
    assert (factors.mean(axis=1) <= 1 + 4 * factors.std(axis=1) / 447).all()


def test_tenfold_requests_are_proven_within_forty_of_them():
    assert np.median(windows_until(10, 21)) <= 4


def test_fivefold_requests_are_proven_within_a_hundred_of_them():
    assert np.median(windows_until(5, 21)) <= 10


def test_ordinary_requests_prove_nothing():
    assert np.isinf(windows_until(1, 21, windows=400)).all()


def test_a_window_without_requests_changes_nothing():
    channel = SizeChannel(delta=DELTA, step=21, most=43)
    channel.grow(1)
    channel.update(logs(np.full((1, 5), 9.0)), 10_000)
    channel.update(logs(np.zeros((1, 0))), 20_000)
    assert channel.since_ms[0, 0] == 10_000
    assert channel.reaches(3.0).all()


def test_logs_of_rows_that_cannot_rise_may_be_left_out():
    random = np.random.default_rng(6)
    full, lazy = (SizeChannel(delta=DELTA, step=21, most=43) for _ in range(2))
    left_out = 0
    for channel in (full, lazy):
        channel.grow(300)
    for window in range(60):
        sizes = heavy(random, (300, 10))
        grows = lazy.may_rise(np.minimum(sizes, 24).sum(axis=1)[None, :], np.full((1, 300), 10.0))
        left_out += (~grows).sum()
        full.update(logs(sizes), window * 10_000)
        lazy.update(logs(sizes) * grows, window * 10_000)
        assert np.array_equal(full.reaches(1.0), lazy.reaches(1.0))
        assert np.array_equal(full.since_ms, lazy.since_ms)
    assert left_out > 3_000
