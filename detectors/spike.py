"""Marks of one window -> which rows spike, by rate or by size: baseline, evidence and alarm of one unit (tokens or money)."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.baseline import CAP, DAY_MS, SIZE_CAP, Baseline, Window
from detectors.columns import Bool, Columns
from detectors.ecusum import Ecusum, Speed
from detectors.facts import WINDOW_MS, Float64, Int64
from detectors.marks import Cells
from detectors.size_channel import SizeChannel
from detectors.spike_report import Channel, Grade, Sighting

QUICK, FAST, STEADY, SLOW = range(4)
SPEEDS = (
    Speed(name="quick", delta=1.5, threshold=19.4, step=19.4),
    Speed(name="fast", delta=2.5, threshold=50.0, step=25.0),
    Speed(name="steady", delta=1.5, threshold=100.0, step=3.2),
    Speed(name="slow", delta=1.0, threshold=200.0, step=3.2),
)
SLOW_WARNS = 100.0
SUSPECTS = 5.0
SUSPECT_MS = 1_800_000
BUSY_PER_S = 0.3
"""Requests a second from which a page needs the fast or the slow speed."""
MEDIUM_PER_S = 0.01
"""Requests a second below which no rate is judged (detection.md: no method can in minutes)."""
SIZE_DELTA, SIZE_WARNS, SIZE_PAGES = 0.75, 21.0, 42.0
COLD_WINDOWS, COLD_REQUESTS = 360, 50
READY_WINDOWS, READY_REQUESTS = 30, 30
WARNING_FREEZE_MS = 7_200_000


@dataclass(slots=True)
class Alarms(Columns):
    """The alarm of each row, shape (rows,).

    Attributes:
        grade: a `Grade`.
        by_size: by the size channel, not the rate's.
        since_ms: when the fault began, as the evidence dates it.
        began_ms: when the alarm began.
        load, size, sized: as in `Window`, averaged over the last half minute or the last 10 requests, whichever is longer.
    """

    grade: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    by_size: Bool = field(default_factory=lambda: np.zeros(0, np.bool_))
    since_ms: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    began_ms: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    load: Float64 = field(default_factory=lambda: np.zeros(0))
    size: Float64 = field(default_factory=lambda: np.zeros(0))
    sized: Float64 = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True)
class Seen:
    """One window of one unit: its cells, and by row the exact units and the attempts that were throttled, shape (rows,)."""

    cells: Cells
    raw: Float64
    throttled: Float64


class SpikeBank:
    """Baseline, rate evidence, size evidence and alarm of every row for one unit.

    `score` judges a window by what was known before it; `learn` then takes it into the baseline.
    """

    def __init__(self, *, window_ms: int = WINDOW_MS) -> None:
        self._window_s = window_ms / 1000
        self.baseline = Baseline(window_ms=window_ms)
        self.rate = Ecusum(SPEEDS)
        self.size = SizeChannel(delta=SIZE_DELTA, step=SIZE_PAGES / 2, most=SIZE_PAGES + 1)
        self.alarms = Alarms()
        self.relearnt: Bool = np.zeros(0, np.bool_)
        self._window = Window(*(np.zeros(0) for _ in range(4)))
        self._cap = np.zeros(0)

    def grow(self, rows: int) -> None:
        """Make every array `rows` rows long."""
        self.baseline.grow(rows)
        self.rate.grow(rows)
        self.size.grow(rows)
        self.alarms.grow(rows)

    def score(self, seen: Seen, start_ms: int) -> None:
        """Move evidence and alarms by a window; changes nothing that is expected of later ones but its hour of day."""
        baseline, cells = self.baseline, seen.cells
        baseline.forecast(start_ms)
        baseline.adopt_sizes(cells.total(cells.value), cells.requests())
        mean = baseline.mean
        cap = self._cap = np.maximum(CAP * mean, 1.0)
        marks, logs = cells.load(cap)
        ratios, bets = cells.size(np.maximum(mean, 1e-9), SIZE_CAP, SIZE_DELTA)
        self._window = Window(marks * cap, seen.raw, cells.requests(), ratios * mean)
        ready = (baseline.levels.windows >= READY_WINDOWS) & (baseline.levels.seen >= READY_REQUESTS)
        cold = (baseline.levels.windows < COLD_WINDOWS) | (baseline.levels.seen < COLD_REQUESTS)
        self.rate.update(np.where(ready, logs, 0.0), np.where(cold, 2.0, 1.0) * baseline.levels.load / cap, start_ms)
        self.size.update(np.where(ready & ~cold, bets, 0.0), start_ms)
        self._remember(seen.throttled * mean)
        self._alarm(start_ms)

    def _remember(self, refused: Float64) -> None:
        """Move the short memory of demand: what was served and what was throttled."""
        alarms, window = self.alarms, self._window
        weight = np.clip(self.baseline.levels.sized / 10, 1 / 30, 1 / 3)
        alarms.load += weight * (window.load + refused - alarms.load)
        alarms.size += weight * (window.size - alarms.size)
        alarms.sized += weight * (window.sized - alarms.sized)

    def _alarm(self, start_ms: int) -> None:
        alarms = self.alarms
        rate, rate_since = self._rate_grade()
        statistic = self.size.statistic()
        size = (statistic >= SIZE_WARNS).astype(np.int64) + (statistic >= SIZE_PAGES)
        grade, by_size = np.maximum(rate, size), size > rate
        since = np.where(by_size, self.size.since_ms, rate_since)
        opens = (alarms.grade == 0) & (grade > 0)
        over = (alarms.grade > 0) & (grade == 0) & ~self._lasts()
        rises = grade > alarms.grade
        alarms.by_size[rises] = by_size[rises]
        alarms.since_ms[opens] = since[opens]
        alarms.began_ms[opens] = start_ms
        alarms.grade = np.where(over, 0, np.maximum(alarms.grade, grade))
        self._forget(over)
        lasted = start_ms - alarms.began_ms
        self.relearnt = (alarms.grade > 0) & (lasted >= np.where(alarms.grade == Grade.ERROR, DAY_MS, WARNING_FREEZE_MS))

    def _rate_grade(self) -> tuple[Int64, Int64]:
        """Grade that the rate earns in each row and since when, by the speeds of the row's class."""
        per_s = self.baseline.levels.sized / self._window_s
        busy, some = per_s >= BUSY_PER_S, per_s >= MEDIUM_PER_S
        quick, fast, steady, slow = (self.rate.alarms(speed) for speed in range(len(SPEEDS)))
        warns = quick | (busy & self.rate.alarms(SLOW, SLOW_WARNS))
        pages = np.where(busy, fast | steady | slow, quick)
        since = np.where(busy & ~quick & ~fast, self.rate.since_ms(SLOW), self.rate.since_ms(QUICK))
        return np.where(some, np.maximum(2 * pages, warns), 0), since

    def _suspects(self, start_ms: int) -> Bool:
        """Where a rise may have begun within the last half hour: nothing is learnt from it until it is over or has lasted."""
        return (self.rate.top(SLOW) >= SUSPECTS) & (start_ms - self.rate.since_ms(SLOW) < SUSPECT_MS)

    def _lasts(self) -> Bool:
        """Where what was seen lately is still far above what is expected."""
        alarms, levels = self.alarms, self.baseline.levels
        by_rate = alarms.load > 1.75 * levels.load
        by_size = alarms.size * levels.sized > 1.5 * levels.size * alarms.sized
        return np.asarray(np.where(alarms.by_size, by_size, by_rate))

    def learn(self, learns: Bool, start_ms: int) -> None:
        """Take the scored window into the baseline of the rows that learn; learn anew what was abnormal for too long."""
        self.baseline.learn(self._window, self._cap, learns & (self.alarms.grade == 0) & ~self._suspects(start_ms))
        if self.relearnt.any():
            self.baseline.relearn(self.relearnt, self._window)
            self.alarms.grade[self.relearnt] = 0
            self._forget(self.relearnt)

    def _forget(self, rows: Bool) -> None:
        self.rate.reset(rows)
        self.size.reset(rows)

    def sighting(self, row: int) -> Sighting:
        """What the last scored window says of a row."""
        levels, alarms, window = self.baseline.levels, self.alarms, self._window
        mean, requests = float(self.baseline.mean[row]), float(window.sized[row])
        if alarms.by_size[row]:
            observed, expected = float(window.size[row]) / requests if requests else 0.0, mean
            factor = float(alarms.size[row]) / max(float(alarms.sized[row]) * mean, 1e-9)
        else:
            observed, expected = float(window.raw[row]), float(levels.raw[row])
            factor = float(alarms.load[row]) / max(float(levels.load[row]), 1e-9)
        proof, score = self._proof(row)
        return Sighting(
            grade=Grade(alarms.grade[row]),
            channel=Channel.SIZE if alarms.by_size[row] else Channel.RATE,
            since_ms=int(alarms.since_ms[row]),
            observed=observed,
            expected=expected,
            factor=factor,
            requests=requests,
            expected_requests=float(levels.sized[row]),
            proof=proof,
            score=score,
            relearnt=bool(self.relearnt[row]),
        )

    def _proof(self, row: int) -> tuple[tuple[str, float, float], float]:
        """Name, statistic and threshold of the strongest evidence for the alarm of a row, and its score."""
        if self.alarms.by_size[row]:
            statistic = float(self.size.statistic()[row])
            return ("size", statistic, SIZE_PAGES), min(1.0, statistic / SIZE_PAGES)
        at = np.array([row])
        proofs = [(speed.name, max(0.0, float(self.rate.statistic(i, at)[0])), speed.threshold) for i, speed in enumerate(SPEEDS)]
        busy = self.baseline.levels.sized[row] / self._window_s >= BUSY_PER_S
        pages = max(proofs[FAST:] if busy else proofs[:FAST], key=lambda each: each[1] / each[2])
        score = min(1.0, pages[1] / pages[2])
        return (pages if score >= 1 or not busy else proofs[QUICK]), score

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {
            "baseline": self.baseline.snapshot(),
            "rate": self.rate.snapshot(),
            "size": self.size.snapshot(),
            "alarms": self.alarms.snapshot(),
            "relearnt": self.relearnt.copy(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self.baseline.restore(state["baseline"])
        self.rate.restore(state["rate"])
        self.size.restore(state["size"])
        self.alarms.restore(state["alarms"])
        self.relearnt = np.array(state["relearnt"], np.bool_)
