"""Loads of past hours -> how the load usually moves from one window to the next."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.columns import Bool, Columns, Float32
from detectors.facts import WINDOW_MS, Float64

HOUR_MS = 3_600_000
VISITS = 20
"""Memory: a bin forgets half in this many visits, which is 4 weeks of weekdays."""
PRIOR_HOURS = 0.5
"""How much the average over all hours weighs against the one hour of a bin."""


def _hours() -> Float32:
    return np.zeros((2, 24, 0), np.float32)


def _rows() -> Float64:
    return np.zeros(0)


@dataclass(slots=True)
class _Bins(Columns):
    """Sums of values and of windows: closed hours by [weekday or weekend, hour of day], the open hour apart."""

    total: Float32 = field(default_factory=_hours)
    windows: Float32 = field(default_factory=_hours)
    open_total: Float64 = field(default_factory=_rows)
    open_windows: Float64 = field(default_factory=_rows)


@dataclass(slots=True)
class _Course(Columns):
    """The usual load at the middles of the two hours around now, and at the last window; 0 where one of the hours is unknown."""

    left: Float64 = field(default_factory=_rows)
    right: Float64 = field(default_factory=_rows)
    last: Float64 = field(default_factory=_rows)


class Profile:
    """A seasonal profile of 24 hours x {weekday, weekend} in UTC for each row, shrunk, from closed hours only.

    Used as a ratio: the usual load now over the usual load one window ago. An hour that was never seen says 1 (the level stays), so
    a first day has no seasons rather than wrong ones. A weekend hour that was never seen borrows the weekday's, and the reverse.
    Between the middles of hours the usual load is interpolated.
    """

    def __init__(self, *, window_ms: int = WINDOW_MS) -> None:
        self._window_ms = window_ms
        self._bins = _Bins()
        self._course = _Course()
        self._hour = -1
        self._middle = -1

    def grow(self, rows: int) -> None:
        """Make room for `rows` rows."""
        self._bins.grow(rows)
        self._course.grow(rows)

    def ratio(self, start_ms: int) -> Float64:
        """Usual load of this window over that of the last one, shape (rows,), within [1/2, 2]."""
        self._close_hour(start_ms // HOUR_MS)
        middle, part = divmod(start_ms - HOUR_MS // 2, HOUR_MS)
        if middle != self._middle:
            self._turn(middle)
        now = self._course.left + (part / HOUR_MS) * (self._course.right - self._course.left)
        step = np.divide(now, self._course.last, out=np.ones_like(now), where=self._course.last > 0)
        self._course.last = now
        return np.clip(np.where(now > 0, step, 1.0), 0.5, 2.0)

    @property
    def known(self) -> Bool:
        """Where the course of the load at this time of day is known, shape (rows,)."""
        return self._course.last > 0

    @property
    def usual(self) -> Float64:
        """The usual load of a window at this time of day; 0 where it is unknown, shape (rows,)."""
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

    def _turn(self, middle: int) -> None:
        """Look up the hours whose middles are around now; the ratio of this one window becomes 1."""
        left, right = self._usual_of(middle), self._usual_of(middle + 1)
        known = (left > 0) & (right > 0)
        self._course.left, self._course.right = np.where(known, left, 0.0), np.where(known, right, 0.0)
        self._course.last = np.zeros_like(left)
        self._middle = middle

    def _usual_of(self, hour: int) -> Float64:
        """Usual load of a window in an hour: (total + prior x both kinds' mean) / (windows + prior)."""
        bins, at = self._bins, hour % 24
        prior = PRIOR_HOURS * HOUR_MS / self._window_ms
        windows, total = bins.windows.sum(axis=(0, 1)), bins.total.sum(axis=(0, 1))
        level = total / np.maximum(windows, 1)
        both = (bins.total[:, at].sum(axis=0) + prior * level) / (bins.windows[:, at].sum(axis=0) + prior)
        kind = _kind(hour)
        usual = (bins.total[kind, at] + prior * both) / (bins.windows[kind, at] + prior)
        enough = bins.windows[:, at].sum(axis=0) >= prior / 2
        return np.where(enough, usual, 0.0)

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"bins": self._bins.snapshot(), "course": self._course.snapshot(), "hour": self._hour, "middle": self._middle}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._bins.restore(state["bins"])
        self._course.restore(state["course"])
        self._hour, self._middle = state["hour"], state["middle"]


def _kind(hour: int) -> int:
    """0 on weekdays, 1 on weekends; hour 0 of the epoch was a Thursday."""
    return int((hour // 24 + 3) % 7 >= 5)
