import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actions.report import CostTable

COSTS = st.lists(st.tuples(st.integers(0, 500), st.lists(st.integers(0, 10**12), max_size=3)), max_size=60)


def table_of(windows: list[tuple[int, list[int]]], limit: int) -> CostTable:
    table = CostTable(window_ms=10, limit=limit)
    for window, nanos in windows:
        table.add(window * 10, np.array(nanos, np.int64))
    return table


@given(COSTS, st.integers(2, 50))
def test_no_cost_is_lost_by_halving(windows: list[tuple[int, list[int]]], limit: int) -> None:
    table = table_of(windows, limit)
    for row in range(3):
        cost = table.series(row, "any").cost_usd
        assert len(cost) <= limit
        assert round(sum(cost) * 1e9) == sum(nanos[row] for _, nanos in windows if row < len(nanos))


@given(COSTS, st.integers(2, 50))
def test_every_window_is_in_the_step_of_its_time(windows: list[tuple[int, list[int]]], limit: int) -> None:
    series = table_of(windows, limit).series(0, "any")
    steps = [0] * len(series.cost_usd)
    for window, nanos in windows:
        steps[(window * 10 - series.start_ms) // series.step_ms] += sum(nanos[:1])
    assert [round(cost * 1e9) for cost in series.cost_usd] == steps


def test_the_dearest_come_first_and_those_without_cost_not_at_all() -> None:
    assert table_of([(0, [1, 5, 0]), (1, [1, 0, 0])], 4).dearest(3) == [1, 0]


def test_a_spike_does_not_move_what_was_usual_before_it() -> None:
    windows = [(window, [10_000 if window >= 90 else 1_000]) for window in range(100)]
    baseline = table_of(windows, 100).series(0, "any").baseline_usd
    assert baseline[:3] == (None, None, None)
    assert set(baseline[3:]) == {1e-6}


def test_a_table_without_windows_has_empty_series() -> None:
    assert CostTable(window_ms=10).series(0, "global").cost_usd == ()
