"""Loads of past hours -> how the load usually moves from one window to the next."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bool, Columns, Float32
from detectors.facts import WINDOW_MS, Float64, Int64
from detectors.small_floats import SmallFloats

HOUR_MS = 3_600_000
MOST_HOURS = 28.0
"""Memory: a bin is the mean of all visits until it has seen so many hours; then it forgets half in 20 visits, 4 weeks' weekdays."""
PRIOR_HOURS = 0.1
"""How much the average over all hours weighs against an hour of the profile."""
SMOOTHING = ((-1, 0.25), (0, 0.5), (1, 0.25))
"""An hour takes this much of its neighbours: one visit to an hour is a noisy witness when noise lasts for minutes."""


LOADS = SmallFloats(np.uint16, mantissa=10, smallest=-10)
"""Loads from a thousandth to 10 ** 16 within 0.05 %: a visit that is 3 % of a bin must still move it."""
HOURS = SmallFloats(np.uint8, mantissa=4, smallest=-10)
"""Hours from 4 seconds to 60: whole ones up to 32 are exact."""


@dataclass(slots=True)
class _Bins(Columns):
    """What was seen by [weekday or weekend, hour of day]: the mean load of a window as LOADS, how many hours as HOURS.

    The sums of the open hour are apart.
    """

    mean: NDArray[np.uint16]
    hours: NDArray[np.uint8]
    open_total: Float32
    open_windows: Float32

    def weights(self, kind: int, hour: int) -> tuple[Float32, Float32]:
        """The sum of loads and the hours of one bin, shape (units, rows)."""
        hours = HOURS.values(self.hours[kind, hour])
        return LOADS.values(self.mean[kind, hour]) * hours, hours


@dataclass(slots=True)
class _Course(Columns):
    """The usual load at the middles of the two hours around now, and at the last window; 0 where it is unknown."""

    left: Float32
    right: Float32
    last: Float32


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
        bins, rows = np.zeros((2, 24, units, 0), np.uint16), np.zeros((units, 0), np.float32)
        self._bins = _Bins(bins, bins.astype(np.uint8), rows, rows)
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

    def ratio(self, start_ms: int) -> Float32:
        """Usual load of this window over that of the last one asked about, shape (units, rows), within [0.1, 10]."""
        self._close_hour(start_ms // HOUR_MS)
        middle, part = _around(start_ms)
        course = self._course
        if middle != self._middle:
            level = self._level()
            course.last = self._at(self._last_ms, level)
            course.left, course.right = self._usual_of(middle, level), self._usual_of(middle + 1, level)
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
    def usual(self) -> Float32:
        """The usual load of a window at this time of day; 0 where it is unknown, shape (units, rows)."""
        return self._course.last

    def add(self, values: Float64, learns: Bool) -> None:
        """Take the loads of the window that `ratio` was asked about into its hour, for the rows that learn."""
        self._bins.open_total += np.where(learns, values, 0.0)
        self._bins.open_windows += learns

    def _close_hour(self, hour: int) -> None:
        if hour == self._hour:
            return
        if self._hour >= 0:
            self._visit(_kind(self._hour), self._hour % 24)
            self._middle = -1
        self._hour = hour

    def _visit(self, kind: int, hour: int) -> None:
        """Take the open hour into its bin."""
        bins = self._bins
        seen = HOURS.values(bins.hours[kind, hour])
        new = bins.open_windows * np.float32(self._window_ms / HOUR_MS)
        load = bins.open_total / np.maximum(bins.open_windows, 1)
        mean = LOADS.values(bins.mean[kind, hour])
        mean += np.divide(new, seen + new, out=np.zeros_like(new), where=new > 0) * (load - mean)
        bins.mean[kind, hour] = LOADS.packed(mean)
        bins.hours[kind, hour] = HOURS.packed(np.minimum(seen + new, MOST_HOURS))
        bins.open_total[:] = 0
        bins.open_windows[:] = 0

    def _level(self) -> Float32:
        """The mean load of a window over all bins, shape (units, rows)."""
        total, hours = np.zeros((2, *self._bins.open_total.shape), np.float32)
        for kind in (0, 1):
            for hour in range(24):
                more, longer = self._bins.weights(kind, hour)
                total += more
                hours += longer
        return np.asarray(np.divide(total, hours, out=total, where=hours > 0))

    def _at(self, start_ms: int, level: Float32) -> Float32:
        """The usual load at a time, as the profile knows it now."""
        middle, part = _around(start_ms)
        return _between(self._usual_of(middle, level), self._usual_of(middle + 1, level), part)

    def _usual_of(self, hour: int, level: Float32) -> Float32:
        """Usual load of a window in an hour: (total + prior x both kinds' mean) / (hours + prior)."""
        own, own_hours, both, both_hours = np.zeros((4, *level.shape), np.float32)
        for near, share in SMOOTHING:
            own_kind, at = _kind(hour + near), (hour + near) % 24
            for kind in (0, 1):
                total, hours = self._bins.weights(kind, at)
                both += share * total
                both_hours += share * hours
                if kind == own_kind:
                    own += share * total
                    own_hours += share * hours
        pooled = (both + PRIOR_HOURS * level) / (both_hours + PRIOR_HOURS)
        usual = (own + PRIOR_HOURS * pooled) / (own_hours + PRIOR_HOURS)
        seen = HOURS.values(self._bins.hours[:, hour % 24]).sum(axis=0) >= PRIOR_HOURS
        return np.where(seen, usual, np.float32(0))

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


def _between(left: Float32, right: Float32, part: float) -> Float32:
    return np.where((left > 0) & (right > 0), left + part * (right - left), np.float32(0))
