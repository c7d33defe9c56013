import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actions.report import CostTable

COSTS = st.lists(st.tuples(st.integers(0, 500), st.lists(st.integers(0, 10**12), max_size=3)), max_size=60)


def table_of(windows: list[tuple[int, list[int]]], limit: int) -> CostTable:
    table = CostTable(window_ms=10, limit=limit)
    for window, nanos in windows:
        table.add(window * 10, np.array(nanos, np.int64), np.array(nanos[:2], float))
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


def test_what_nobody_expected_has_no_baseline() -> None:
    series = table_of([(0, [1, 2, 3]), (1, [1, 2, 3])], 4)
    assert series.series(1, "any").baseline_usd == (2e-9, 2e-9)
    assert series.series(2, "any").baseline_usd == (None, None)


def test_a_step_is_expected_only_if_all_its_windows_are() -> None:
    table = CostTable(window_ms=10, limit=2)
    for window, expected in enumerate([1.0, float("nan"), 3.0, 4.0]):
        table.add(window * 10, np.array([1]), np.array([expected]))
    assert table.series(0, "any").baseline_usd == (None, 7e-9)


def test_a_table_without_windows_has_empty_series() -> None:
    assert CostTable(window_ms=10).series(0, "global").cost_usd == ()
