"""A clock that is set while somebody looks at it."""

import pytest

from streams.now import DISTRUST_S, Steady

T0 = 1_790_000_000_000


class Times:
    """A wall clock and monotonic time, both set by hand."""

    def __init__(self):
        self.wall_ms, self.monotonic_s = T0, 100.0

    def pass_s(self, seconds):
        self.wall_ms += int(seconds * 1000)
        self.monotonic_s += seconds

    def steady(self):
        return Steady(lambda: self.wall_ms, lambda: self.monotonic_s)


@pytest.mark.parametrize("jump_ms", [-3_600_000, -20_000, 20_000, 3_600_000])
def test_a_clock_that_is_set_is_not_followed_before_five_minutes_are_over(jump_ms):
    times = Times()
    steady = times.steady()
    times.wall_ms += jump_ms
    assert steady.ms == T0
    times.pass_s(DISTRUST_S - 1)
    assert steady.ms == T0 + (DISTRUST_S - 1) * 1000
    times.pass_s(2)
    assert steady.ms == times.wall_ms
    assert steady.even_ms - steady.ahead_ms == steady.ms


def test_a_clock_that_is_set_back_again_was_never_followed():
    times = Times()
    steady = times.steady()
    times.wall_ms += 600_000
    assert steady.ms == T0
    times.wall_ms -= 600_000
    times.pass_s(DISTRUST_S + 1)
    assert steady.ms == times.wall_ms


def test_a_clock_that_is_slewed_is_followed():
    times = Times()
    steady = times.steady()
    for _ in range(10):
        times.pass_s(1)
        times.wall_ms += 500
        assert steady.ms == times.wall_ms
    assert steady.ahead_ms == -5_000


def test_a_time_of_a_moment_ago_is_known_unless_the_clock_was_set_back_since():
    times = Times()
    steady = times.steady()
    times.pass_s(2)
    assert steady.even_of(T0) == T0
    times.wall_ms -= 60_000
    assert steady.even_of(T0) is None
    assert steady.even_of(None) is None
