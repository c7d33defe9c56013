import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.betting import ENOUGH_WEALTH, Betting

ROW = np.array([0])


def after(differences, lambdas=(1.0, 4.0), highest=4.0) -> Betting:
    betting = Betting(lambdas=lambdas)
    betting.grow(1)
    for each in differences:
        betting.take(ROW, np.array([each]), np.array([highest]))
    return betting


@given(st.lists(st.floats(-1, 1), max_size=50))
def test_evidence_is_never_negative_and_never_overflows(differences):
    assert 0 <= after(differences).evidence(ROW)[0] <= ENOUGH_WEALTH + 1


def test_nothing_is_known_before_the_first_block():
    assert after([]).evidence(ROW)[0] == 1


def test_a_fair_game_does_not_win():
    random = np.random.default_rng(5)
    betting, rows = Betting(lambdas=(1.0, 4.0)), np.arange(4_000)
    betting.grow(len(rows))
    won = np.zeros(len(rows), bool)
    for _ in range(400):
        betting.take(rows, random.choice([-0.1, 0.1], len(rows)), np.full(len(rows), 4.0))
        won |= betting.evidence(rows) >= 100
    assert won.mean() <= 0.01


def test_a_mean_above_zero_wins_also_when_it_rises_late():
    assert after([0.1] * 30).evidence(ROW)[0] >= 100
    assert after([-0.05] * 300 + [0.1] * 60).evidence(ROW)[0] >= 100


def test_no_bet_is_above_the_highest_allowed():
    assert after([0.1], highest=1.0).evidence(ROW) == after([0.1], lambdas=(1.0, 1.0)).evidence(ROW)
