"""The profile: no seasons before a day has passed, the day's course afterwards, weekends apart, gaps bridged."""

import numpy as np
import pytest

from detectors.profile import HOUR_MS, Profile

DAY_MS = 24 * HOUR_MS
START_MS = 1_700_006_400_000  # a Wednesday, midnight in UTC
STEP_MS = 60_000


def wave(at_ms: int) -> float:
    return 100 * (1.5 + np.sin(2 * np.pi * at_ms / DAY_MS))


def after(days: float, load=wave, learns: bool = True) -> tuple[Profile, list[float], int]:
    """A profile of one row after some days of a load, and the ratios that it gave."""
    profile = Profile(window_ms=STEP_MS)
    profile.grow(1)
    ratios = []
    times = range(START_MS, START_MS + round(days * DAY_MS), STEP_MS)
    for at_ms in times:
        ratios.append(float(profile.ratio(at_ms)[0, 0]))
        profile.add(np.full((1, 1), load(at_ms)), np.full((1, 1), learns))
    return profile, ratios, times[-1] + STEP_MS


def test_a_first_day_has_no_seasons():
    _, ratios, _ = after(1)
    assert set(ratios) == {1.0}


def test_a_second_day_follows_the_course_of_the_first():
    profile, _, now_ms = after(2)
    level = [wave(now_ms)]
    for at_ms in range(now_ms, now_ms + DAY_MS, STEP_MS):
        level.append(level[-1] * float(profile.ratio(at_ms)[0, 0]))
    truth = [wave(at_ms) for at_ms in range(now_ms, now_ms + DAY_MS + STEP_MS, STEP_MS)]
    assert np.abs(np.log(np.array(level) / truth)).max() < 0.3


def test_a_weekend_that_was_never_seen_borrows_the_weekdays():
    profile, _, now_ms = after(2)
    saturday_ms = now_ms + DAY_MS
    profile.ratio(saturday_ms)
    assert profile.known.all()


def test_what_is_not_learnt_leaves_no_seasons():
    _, ratios, _ = after(2, learns=False)
    assert set(ratios) == {1.0}


def test_a_gap_is_bridged_by_the_usual_course():
    profile, _, now_ms = after(2)
    profile.ratio(now_ms + 18 * HOUR_MS)  # the bottom of the night
    morning = float(profile.ratio(now_ms + 24 * HOUR_MS)[0, 0])
    assert morning == pytest.approx(1.5 / 0.5, rel=0.35)


def test_it_becomes_what_it_was():
    profile, _, now_ms = after(1.4)
    copy = Profile(window_ms=STEP_MS)
    copy.restore(profile.snapshot())
    for at_ms in range(now_ms, now_ms + 3 * HOUR_MS, STEP_MS):
        assert profile.ratio(at_ms) == copy.ratio(at_ms)
