"""Attempts of one window after another -> how often each scope speaks, how long it pauses, and in which hours."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.columns import Columns
from detectors.facts import Bool, Float64, Int64, WindowFacts

RATE_HALF_LIFE_S = 1_800.0
PAUSE_HALF_LIFE_S = 86_400.0
HOUR_MS = 3_600_000
SEEN_ENOUGH_S = 600.0
"""An hour of the day that was heard for less says nothing about what is usual in it."""
SILENT_SHARE = 0.05
"""An hour of the day in which fewer windows spoke is a silent one."""
HOUR_KEPT = 0.9
"""What an hour of the day remembers from one visit to the next."""


@dataclass(slots=True)
class _State(Columns):
    last_ms: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    attempts: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    heard_s: Float64 = field(default_factory=lambda: np.zeros(0))
    silent_s: Float64 = field(default_factory=lambda: np.zeros(0))
    recent_attempts: Float64 = field(default_factory=lambda: np.zeros(0))
    recent_s: Float64 = field(default_factory=lambda: np.zeros(0))
    pause_s: Float64 = field(default_factory=lambda: np.zeros(0))
    hour_spoken_s: Float64 = field(default_factory=lambda: np.zeros((48, 0)))
    hour_s: Float64 = field(default_factory=lambda: np.zeros((48, 0)))
    open_spoken_s: Float64 = field(default_factory=lambda: np.zeros(0))
    open_s: Float64 = field(default_factory=lambda: np.zeros(0))


class Speech:
    """What `telemetry_silence` knows of the scopes of one roll-up; rows are slots.

    The rate (attempts and seconds, both forgotten with a half-life of 30 min) and the longest pause are learnt only when a scope
    speaks again, so that a silence does not excuse itself; an hour is learnt when it is over. There are 24 for weekdays and 24 for
    weekends, in UTC.
    """

    def __init__(self) -> None:
        self._state = _State()
        self._rows = 0
        self._hour = -1

    def hear(self, attempts: Int64, spoke: Bool, facts: WindowFacts, *, reused: Int64) -> None:
        """Book one window; `spoke` marks the rows that were heard, on time or late, `reused` names those of another scope now."""
        self._rows = len(attempts)
        self._state.grow(self._rows)
        self._state.clear(reused)
        length_s = (facts.end_ms - facts.start_ms) / 1000
        if facts.complete:
            self._state.silent_s[: self._rows] += length_s
        self._learn_hour(spoke, facts, length_s)
        self._learn(np.flatnonzero(spoke), attempts, length_s, facts.end_ms)

    def _learn(self, rows: Int64, attempts: Int64, length_s: float, end_ms: int) -> None:
        state = self._state
        first = rows[state.last_ms[rows] == 0]
        elapsed_s = np.maximum(state.silent_s[rows], length_s)
        kept = 0.5 ** (elapsed_s / RATE_HALF_LIFE_S)
        state.recent_s[rows] = state.recent_s[rows] * kept + elapsed_s
        state.recent_attempts[rows] = state.recent_attempts[rows] * kept + np.maximum(attempts[rows], 1)
        state.heard_s[rows] += elapsed_s
        state.attempts[rows] += attempts[rows]
        pause_s = np.maximum(state.pause_s[rows] * 0.5 ** (elapsed_s / PAUSE_HALF_LIFE_S), elapsed_s - length_s)
        state.pause_s[rows] = pause_s
        state.recent_s[first] = state.heard_s[first] = length_s
        state.pause_s[first] = 0
        state.silent_s[rows] = 0
        state.last_ms[rows] = end_ms

    def _learn_hour(self, spoke: Bool, facts: WindowFacts, length_s: float) -> None:
        state = self._state
        day = (facts.start_ms // HOUR_MS // 24 + 3) % 7
        hour = int(facts.start_ms // HOUR_MS % 24 + (24 if day >= 5 else 0))
        if hour != self._hour and self._hour >= 0:
            for closed, opened in ((state.hour_s, state.open_s), (state.hour_spoken_s, state.open_spoken_s)):
                closed[self._hour] = HOUR_KEPT * closed[self._hour] + opened
                opened[:] = 0
        self._hour = hour
        if facts.complete:
            state.open_s[: self._rows] += length_s * ((state.last_ms[: self._rows] > 0) | spoke)
            state.open_spoken_s[: self._rows] += length_s * spoke

    def limit_s(self, least_s: float, gaps: float, pauses: float) -> Float64:
        """How long each row may be silent, shape (rows,)."""
        return np.asarray(np.maximum(least_s, np.maximum(gaps * self.gap_s, pauses * self.pause_s)))

    def plausible(self) -> Bool:
        """Rows that are mostly silent in this hour of the day, as far as it was heard before, shape (rows,)."""
        heard, spoken = self._state.hour_s[self._hour, : self._rows], self._state.hour_spoken_s[self._hour, : self._rows]
        return np.asarray((heard >= SEEN_ENOUGH_S) & (spoken < SILENT_SHARE * heard))

    def share(self, row: int) -> float:
        """Share of the windows of this hour of the day in which a row spoke."""
        heard = float(self._state.hour_s[self._hour, row])
        return float(self._state.hour_spoken_s[self._hour, row]) / heard if heard else 0.0

    def forget(self, rows: Int64) -> None:
        """These rows are gone: they have to be heard for some time before they can be silent again."""
        self._state.clear(rows)

    @property
    def gap_s(self) -> Float64:
        """Mean time between two attempts, shape (rows,)."""
        return np.asarray(self._state.recent_s[: self._rows] / np.maximum(self._state.recent_attempts[: self._rows], 1e-9))

    @property
    def last_ms(self) -> Int64:
        """End of the last window in which each row was heard, shape (rows,)."""
        return self._state.last_ms[: self._rows]

    @property
    def attempts(self) -> Int64:
        """Attempts since each row began, shape (rows,)."""
        return self._state.attempts[: self._rows]

    @property
    def heard_s(self) -> Float64:
        """Time between the first and the last window in which each row was heard, shape (rows,)."""
        return self._state.heard_s[: self._rows]

    @property
    def silent_s(self) -> Float64:
        """Time since each row was heard, less the time in which nobody could have been, shape (rows,)."""
        return self._state.silent_s[: self._rows]

    @property
    def pause_s(self) -> Float64:
        """The longest pause that is remembered, shape (rows,)."""
        return self._state.pause_s[: self._rows]

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"state": self._state.snapshot(), "rows": self._rows, "hour": self._hour}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state["state"])
        self._rows, self._hour = state["rows"], state["hour"]
