from detectors.canonical import time_text
from streams.now import Now
from streams.settings import Clock
from streams.window import Timing
from streams.worker.progress import ClockWatch, Progress

T0 = 1_790_000_000_000


class At:
    """A clock that stands where it is put."""

    def __init__(self, ms=T0):
        self.ms = ms

    def heard(self, _ms):
        pass


def progress(now, **given):
    return Progress(now=now, timing=Timing(), **given)


def test_a_service_that_keeps_up_has_no_lag():
    now = At()
    watch = progress(now)
    watch.judged(time_text(T0))
    now.ms = T0 + 18_000
    assert (watch.lag_s, watch.blind) == (0, "")
    now.ms += 1
    assert watch.lag_s == 0.001


def test_a_service_without_complete_windows_is_blind_after_a_minute():
    now = At()
    watch = progress(now)
    watch.judged(time_text(T0))
    now.ms = T0 + 18_000 + 61_000
    assert watch.lag_s == 61
    assert "61 s" in watch.blind


def test_a_service_that_judges_nothing_is_called_blind_within_a_minute_of_its_last_window():
    now = At()
    watch = progress(now)
    watch.judged(time_text(T0))
    now.ms = T0 + 59_000
    assert watch.blind


def test_a_first_start_acts_on_nothing_of_history():
    watch = progress(At(T0), fresh=True)
    watch.judged(time_text(T0 - 3_600_000))
    assert watch.catching_up
    assert watch.is_history(time_text(T0 - 3_600_000))
    watch.judged(time_text(T0 - 20_000))
    assert not watch.catching_up
    assert watch.is_history(time_text(T0 - 30_000))
    assert not watch.is_history(time_text(T0 - 20_000))


def test_a_restart_in_the_middle_of_history_still_acts_on_none_of_it():
    first = progress(At(T0), fresh=True)
    first.judged(time_text(T0 - 3_600_000))
    second = progress(At(T0))
    second.restore(first.snapshot())
    assert second.catching_up


def test_a_stream_clock_is_never_behind():
    watch = progress(Now(Clock.STREAM), fresh=True)
    watch.judged(time_text(T0))
    assert (watch.catching_up, watch.lag_s) == (False, 0)


def test_a_wall_clock_that_jumped_is_distrusted_for_five_minutes():
    wall, monotonic = [0.0], [0.0]
    clock = ClockWatch(wall_s=lambda: wall[0], monotonic_s=lambda: monotonic[0])
    wall[0], monotonic[0] = 10.0, 10.0
    assert clock.sane
    wall[0], monotonic[0] = 70.0, 11.0
    assert not clock.sane
    wall[0], monotonic[0] = 372.0, 313.0
    assert clock.sane
