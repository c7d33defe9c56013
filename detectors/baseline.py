"""Windows of the past -> what the next window should hold: load, requests and size per request of each row."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.columns import Bool, Columns, Float32, Floats
from detectors.facts import WINDOW_MS, Float64, Int64
from detectors.profile import Profile

CAP = 6.0
"""A request counts for at most this many times the mean in the load, so that no single request moves a rate."""
SIZE_CAP = 24.0
"""The same for the size per request."""
QUIET_REQUESTS = 10
FIRST_WINDOWS = 30
"""A level of fewer windows is too young to say what is too much."""


@dataclass(slots=True)
class Levels(Columns):
    """Moving levels a window, shape (units, rows).

    Attributes:
        load: capped units (tokens or nano-dollars) of a window.
        raw: units of a window, without the cap.
        size, sized: capped units, and requests that have any, of a window; their quotient is the mean per request.
        windows: windows learnt from.
        seen: requests learnt from.
        quiet: requests that were expected since the last one.
    """

    load: Float32
    raw: Float32
    size: Float32
    sized: Float32
    windows: Float32
    seen: Float32
    quiet: Float32


@dataclass(frozen=True, slots=True)
class Window:
    """What was seen of each row in one window, shape (units, rows).

    Attributes:
        load: units, each request capped at 6 x the mean.
        raw: units.
        sized: requests that have any units; others (failures mostly) say nothing of a level.
        size: units, each request capped at 24 x the mean.
    """

    load: Floats
    raw: Floats
    sized: Floats
    size: Floats


class Baseline:
    """Shrunk seasonal profile x a level that follows.

    forecast: `load <- load x usual(now) / usual(one window ago)`, the ratio from `Profile`, 1 in hours never seen.
    learning: `load <- load + a (min(seen, 2 load + sqrt(load C) + C) - load)`, C = 6 x mean per request; the limit lets the
    odd single request through and halves the pull of a burst. `a = max(1 / (n + 1), 1 / N)`: a mean of all windows at
    first, then a moving level of N windows: `half_life_ms` (a third of it while this time of day is not known, since then the level
    must follow the day by itself), longer where that would hold fewer than 50 requests.
    A row that should have had 10 requests and had none is silent, not idle: it learns nothing until it speaks again, so neither a
    night nor an outage wears its level down.

    Args:
        units: first axis of every array.
        half_life_ms: of the level once the profile is known.
        first_half_life_ms: of the level before.
    """

    def __init__(
        self,
        *,
        units: int = 1,
        half_life_ms: int = 5_400_000,
        first_half_life_ms: int = 1_800_000,
        window_ms: int = WINDOW_MS,
    ) -> None:
        self._spans = (half_life_ms / window_ms / np.log(2), first_half_life_ms / window_ms / np.log(2))
        self.levels = Levels(*(np.zeros((units, 0), np.float32) for _ in range(7)))
        self.profile = Profile(units=units, window_ms=window_ms)

    def grow(self, rows: int) -> None:
        """Make room for `rows` rows."""
        self.levels.grow(rows)
        self.profile.grow(rows)

    def clear(self, rows: Int64) -> None:
        """Make these rows as new."""
        self.levels.clear(rows)
        self.profile.clear(rows)

    def forecast(self, start_ms: int) -> None:
        """Bring the levels to the window that starts now; after this they are what is expected of it."""
        ratio = self.profile.ratio(start_ms)
        levels = self.levels
        for each in (levels.load, levels.raw, levels.size, levels.sized):
            np.multiply(each, ratio, out=each)
        np.maximum(levels.load, 0.25 * self.profile.usual, out=levels.load)

    def mean(self) -> Float64:
        """Units per request, 0 where none was seen, shape (units, rows)."""
        levels = self.levels
        return np.divide(levels.size, levels.sized, out=np.zeros_like(levels.size), where=levels.sized > 0)

    def adopt_sizes(self, units: Float64, requests: Float64) -> None:
        """Take the mean of this window where there is none yet."""
        new = (self.levels.sized == 0) & (requests > 0)
        if new.any():
            self.levels.size[new] = units[new]
            self.levels.sized[new] = requests[new]

    def learn(self, window: Window, cap: Float64, learns: Bool) -> None:
        """Take a window into the levels and the profile, for the rows that learn; `cap` is that of a request's load."""
        levels = self.levels
        levels.quiet = np.where(window.sized > 0, 0.0, levels.quiet + levels.sized)
        learns = learns & (levels.quiet < QUIET_REQUESTS) & ((levels.windows > 0) | (window.sized > 0))
        weight = np.where(learns, self._weight(), 0.0)
        most = np.where(levels.windows < FIRST_WINDOWS, np.inf, 2 * levels.load + np.sqrt(levels.load * cap) + cap)
        load = np.minimum(window.load, most)
        levels.load += weight * (load - levels.load)
        levels.raw += weight * (np.minimum(window.raw, 3 * levels.raw + 8 * cap) - levels.raw)
        most_size = cap / CAP * (2 * window.sized + 4 * np.sqrt(window.sized) + 8)
        levels.size += weight * (np.minimum(window.size, most_size) - levels.size)
        levels.sized += weight * (window.sized - levels.sized)
        levels.windows += learns
        levels.seen += learns * window.sized
        self.profile.add(load, learns)

    def _weight(self) -> Float64:
        """Share of the newest window in the level, shape (units, rows)."""
        levels = self.levels
        span = np.where(self.profile.known, *self._spans)
        enough = np.clip(50 / np.maximum(levels.sized, 1e-9), 0, 6 * span)
        return np.asarray(1 / np.minimum(levels.windows + 1, np.maximum(span, enough)))

    def relearn(self, rows: Bool, window: Window) -> None:
        """Start again from this window where a new level is to be learnt; the profile keeps its shape."""
        levels = self.levels
        levels.load[rows], levels.raw[rows] = window.load[rows], window.raw[rows]
        levels.size[rows], levels.sized[rows] = window.size[rows], window.sized[rows]
        levels.windows[rows] = 1

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"levels": self.levels.snapshot(), "profile": self.profile.snapshot()}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self.levels.restore(state["levels"])
        self.profile.restore(state["profile"])
