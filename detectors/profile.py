"""Loads of past hours -> how the load usually moves from one window to the next."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.columns import Bool, Columns, Float32
from detectors.facts import WINDOW_MS, Float64, Int64

HOUR_MS = 3_600_000
VISITS = 20
"""Memory: a bin forgets half in this many visits, which is 4 weeks of weekdays."""
PRIOR_HOURS = 0.1
"""How much the average over all hours weighs against an hour of the profile."""
SMOOTHING = ((-1, 0.25), (0, 0.5), (1, 0.25))
"""An hour takes this much of its neighbours: one visit to an hour is a noisy witness when noise lasts for minutes."""


@dataclass(slots=True)
class _Bins(Columns):
    """Sums of values and of windows: closed hours by [weekday or weekend, hour of day], the open hour apart."""

    total: Float32
    windows: Float32
    open_total: Float64
    open_windows: Float64


@dataclass(slots=True)
class _Course(Columns):
    """The usual load at the middles of the two hours around now, and at the last window; 0 where it is unknown."""

    left: Float64
    right: Float64
    last: Float64


class Profile:
    """A seasonal profile of 24 hours x {weekday, weekend} in UTC for each row, shrunk, from closed hours only.

    Used as a ratio: the usual load now over the usual load one window ago. An hour that was never seen says 1 (the level stays), so
    a first day has no seasons rather than wrong ones. A weekend hour that was never seen borrows the weekday's, and the reverse.
    Between the middles of hours the usual load is interpolated.

    Args:
        units: first axis of every array.
    """

    def __init__(self, *, units: int = 1, window_ms: int = WINDOW_MS) -> None:
        self._window_ms = window_ms
        hours, rows = np.zeros((2, 24, units, 0), np.float32), np.zeros((units, 0))
        self._bins = _Bins(hours, hours, rows, rows)
        self._course = _Course(rows, rows, rows)
        self._hour = -1
        self._middle = -1
        self._last_ms = 0

    def grow(self, rows: int) -> None:
        """Make room for `rows` rows."""
        self._bins.grow(rows)
        self._course.grow(rows)

    def clear(self, rows: Int64) -> None:
        """Make these rows as new."""
        self._bins.clear(rows)
        self._course.clear(rows)

    def ratio(self, start_ms: int) -> Float64:
        """Usual load of this window over that of the last one asked about, shape (units, rows), within [0.1, 10]."""
        self._close_hour(start_ms // HOUR_MS)
        middle, part = _around(start_ms)
        course = self._course
        if middle != self._middle:
            course.last = self._at(self._last_ms)
            course.left, course.right = self._usual_of(middle), self._usual_of(middle + 1)
            self._middle = middle
        now = _between(course.left, course.right, part)
        step = np.divide(now, course.last, out=np.ones_like(now), where=(course.last > 0) & (now > 0))
        course.last, self._last_ms = now, start_ms
        return np.clip(step, 0.1, 10.0)

    @property
    def known(self) -> Bool:
        """Where the course of the load at this time of day is known, shape (units, rows)."""
        return self._course.last > 0

    @property
    def usual(self) -> Float64:
        """The usual load of a window at this time of day; 0 where it is unknown, shape (units, rows)."""
        return self._course.last

    def add(self, values: Float64, learns: Bool) -> None:
        """Take the loads of the window that `ratio` was asked about into its hour, for the rows that learn."""
        self._bins.open_total += np.where(learns, values, 0.0)
        self._bins.open_windows += learns

    def _close_hour(self, hour: int) -> None:
        if hour == self._hour:
            return
        bins = self._bins
        if self._hour >= 0:
            at = _kind(self._hour), self._hour % 24
            fresh = bins.open_windows > 0
            keep = np.where(fresh, 0.5 ** (1 / VISITS), 1.0)
            bins.total[at] = bins.total[at] * keep + bins.open_total
            bins.windows[at] = bins.windows[at] * keep + bins.open_windows
            bins.open_total[:] = 0
            bins.open_windows[:] = 0
            self._middle = -1
        self._hour = hour

    def _at(self, start_ms: int) -> Float64:
        """The usual load at a time, as the profile knows it now."""
        middle, part = _around(start_ms)
        return _between(self._usual_of(middle), self._usual_of(middle + 1), part)

    def _usual_of(self, hour: int) -> Float64:
        """Usual load of a window in an hour: (total + prior x both kinds' mean) / (windows + prior)."""
        prior = PRIOR_HOURS * HOUR_MS / self._window_ms
        level = self._bins.total.sum(axis=(0, 1), dtype=np.float64) / np.maximum(self._bins.windows.sum(axis=(0, 1)), 1)
        own, own_windows, both, both_windows = np.zeros((4, *level.shape))
        for near, share in SMOOTHING:
            kind, at = _kind(hour + near), (hour + near) % 24
            own += share * self._bins.total[kind, at]
            own_windows += share * self._bins.windows[kind, at]
            both += share * self._bins.total[:, at].sum(axis=0, dtype=np.float64)
            both_windows += share * self._bins.windows[:, at].sum(axis=0, dtype=np.float64)
        pooled = (both + prior * level) / (both_windows + prior)
        usual = (own + prior * pooled) / (own_windows + prior)
        seen = self._bins.windows[:, hour % 24].sum(axis=0) >= prior
        return np.where(seen, usual, 0.0)

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"bins": self._bins.snapshot(), "course": self._course.snapshot(), "at": [self._hour, self._middle, self._last_ms]}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._bins.restore(state["bins"])
        self._course.restore(state["course"])
        self._hour, self._middle, self._last_ms = state["at"]


def _kind(hour: int) -> int:
    """0 on weekdays, 1 on weekends; hour 0 of the epoch was a Thursday."""
    return int((hour // 24 + 3) % 7 >= 5)


def _around(start_ms: int) -> tuple[int, float]:
    """The hour whose middle was passed last, and the part of the way to the next middle."""
    middle, rest_ms = divmod(start_ms - HOUR_MS // 2, HOUR_MS)
    return middle, rest_ms / HOUR_MS


def _between(left: Float64, right: Float64, part: float) -> Float64:
    return np.where((left > 0) & (right > 0), left + part * (right - left), 0.0)
