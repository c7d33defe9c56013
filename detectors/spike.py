"""Marks of one window -> which rows spike, by rate or by size: baseline, evidence and alarm of one unit (tokens or money)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.baseline import CAP, SIZE_CAP, Baseline, Window
from detectors.columns import Bool, Columns, Float32, Int8, UInt32
from detectors.ecusum import Ecusum
from detectors.facts import WINDOW_MS, Float64, Int64
from detectors.marks import Cells
from detectors.size_channel import SizeChannel
from detectors.spike_report import Channel, Grade, Proof, Sighting
from detectors.spike_rules import (
    BUSY_PER_S,
    COLD_REQUESTS,
    COLD_SLACK,
    COLD_WINDOWS,
    FAST,
    MEDIUM_PER_S,
    PAGE_FREEZE_MS,
    QUICK,
    RATE_LASTS,
    READY_REQUESTS,
    READY_WINDOWS,
    SIZE_DELTA,
    SIZE_LASTS,
    SIZE_PAGES,
    SIZE_WARNS,
    SLOW,
    SLOW_WARNS,
    SPEEDS,
    STEADY,
    SUSPECT_MS,
    SUSPECTS,
    WARNING_FREEZE_MS,
)


@dataclass(slots=True)
class Alarms(Columns):
    """The alarm of each row, shape (units, rows).

    Attributes:
        grade: a `Grade`.
        by_size: by the size channel, not the rate's.
        since_s: when the fault began, as the evidence dates it, epoch s.
        began_s: when the alarm began.
        load, size, sized: as in `Window`, averaged over the last half minute or the last 10 requests, whichever is longer.
        barred: windows in a row from which nothing may be learnt for a reason other than an alarm.
    """

    grade: Int8
    by_size: Bool
    since_s: UInt32
    began_s: UInt32
    load: Float32
    size: Float32
    sized: Float32
    barred: UInt32

    @property
    def since_ms(self) -> Int64:
        """When the fault began, epoch ms, shape (units, rows)."""
        return np.asarray(self.since_s * np.int64(1000))


@dataclass(frozen=True, slots=True)
class Seen:
    """One window: its cells, the exact units, shape (units, rows), and the attempts that were throttled, shape (rows,)."""

    cells: Cells
    raw: Float64
    throttled: Float64


class SpikeBank:
    """Baseline, rate evidence, size evidence and alarm of every row, for some units at once.

    `score` judges a window by what was known before it; `learn` then takes it into the baseline.
    """

    def __init__(self, *, units: int = 1, window_ms: int = WINDOW_MS) -> None:
        self._window_s = window_ms / 1000
        self.baseline = Baseline(units=units, window_ms=window_ms)
        self.rate = Ecusum(SPEEDS, units=units)
        self.size = SizeChannel(delta=SIZE_DELTA, step=SIZE_PAGES / 2, most=SIZE_PAGES + 1, units=units)
        whole, real = np.zeros((units, 0), np.uint32), np.zeros((units, 0), np.float32)
        self.alarms = Alarms(whole.astype(np.int8), whole.astype(np.bool_), whole, whole, real, real, real, whole)
        self.rest()

    def rest(self) -> None:
        """Forget the scored window, of which there is nothing left to say."""
        none = np.zeros(self.alarms.grade[:, :0].shape)
        self.relearnt: Bool = none.astype(np.bool_)
        self.window = Window(none, none, none, none)
        self._cap = none
        self._statistics: dict[int, Float64] = {}

    def grow(self, rows: int) -> None:
        """Make every array `rows` rows long."""
        self.baseline.grow(rows)
        self.rate.grow(rows)
        self.size.grow(rows)
        self.alarms.grow(rows)

    def clear(self, rows: Int64) -> None:
        """Make these rows as new."""
        self.baseline.clear(rows)
        self.rate.clear(rows)
        self.size.clear(rows)
        self.alarms.clear(rows)

    def score(self, seen: Seen, start_ms: int) -> None:
        """Move evidence and alarms by a window; changes nothing that is expected of later ones but its hour of day."""
        baseline, cells, self._statistics = self.baseline, seen.cells, {}
        requests = cells.requests()
        baseline.forecast(start_ms)
        baseline.adopt_sizes(seen.raw, requests)
        mean = baseline.mean()
        cap = self._cap = np.maximum(CAP * mean, 1.0)
        sizes = np.maximum(mean, 1e-9)
        marks, ratios = cells.load(cap), cells.size(sizes, SIZE_CAP)
        self.window = Window(marks * cap, seen.raw, requests, ratios * mean)
        levels = baseline.levels
        ready = (levels.windows >= READY_WINDOWS) & (levels.seen >= READY_REQUESTS)
        warm = (levels.windows >= COLD_WINDOWS) & (levels.seen >= COLD_REQUESTS)
        expected = np.where(warm, levels.load, COLD_SLACK * levels.load) / cap
        rises, grows = ready & self.rate.may_rise(marks, expected), warm & self.size.may_rise(ratios, requests)
        self.rate.update(cells.of_rows(rises).load_bets(cap), expected, start_ms)
        self.size.update(cells.of_rows(grows).size_bets(sizes, SIZE_CAP, SIZE_DELTA), start_ms)
        self._remember(seen.throttled * mean)
        self._alarm(start_ms)

    def _remember(self, refused: Float64) -> None:
        """Move the short memory of demand: what was served and what was throttled."""
        alarms, window = self.alarms, self.window
        weight = np.clip(self.baseline.levels.sized / 10, 1 / 30, 1 / 3)
        alarms.load += weight * (window.load + refused - alarms.load)
        alarms.size += weight * (window.size - alarms.size)
        alarms.sized += weight * (window.sized - alarms.sized)

    def _alarm(self, start_ms: int) -> None:
        alarms, levels = self.alarms, self.baseline.levels
        rate = self._rate_grade()
        size = 1 * self.size.reaches(SIZE_WARNS) + self.size.reaches(SIZE_PAGES)
        grade, by_size = np.maximum(rate, size), size > rate
        if not (grade.any() or alarms.grade.any()):
            self.relearnt = np.zeros(grade.shape, np.bool_)
            return
        opens, rises = (alarms.grade == 0) & (grade > 0), grade > alarms.grade
        over = (alarms.grade > 0) & ~self._lasts()
        alarms.grade[:] = np.where(over, 0, np.maximum(alarms.grade, grade))
        if rises.any():
            alarms.by_size[rises] = by_size[rises]
            alarms.since_s[opens] = np.where(by_size, self.size.since_ms, self._rate_since())[opens] // 1000
            alarms.began_s[opens] = start_ms // 1000
            # The short memory of a slow row may not have seen yet what the evidence has.
            alarms.load[opens] = np.maximum(alarms.load, 3 * levels.load)[opens]
            alarms.size[opens] = np.maximum(alarms.size, 3 * alarms.sized * self._cap / CAP)[opens]
        if over.any():
            self._forget(over)
        freeze_ms = np.where(alarms.grade == Grade.ERROR, PAGE_FREEZE_MS, WARNING_FREEZE_MS)
        self.relearnt = (alarms.grade > 0) & (start_ms - alarms.began_s * np.int64(1000) >= freeze_ms)

    def _busy(self, sized: Float32) -> Bool:
        return np.asarray(sized >= BUSY_PER_S * self._window_s)

    def _rate_grade(self) -> Int64:
        """What the rate of each row has earned, by the speeds of the row's class."""
        quick, slow = self.rate.reaches(QUICK, SPEEDS[QUICK].threshold), self.rate.reaches(SLOW, SLOW_WARNS)
        if not (quick.any() or slow.any()):
            return np.zeros(quick.shape, np.int64)
        busy = self._busy(self.baseline.levels.sized)
        fast, steady, slowly = (self.rate.reaches(speed, SPEEDS[speed].threshold) for speed in (FAST, STEADY, SLOW))
        pages = np.where(busy, fast | steady | slowly, quick)
        grade = np.maximum(2 * pages, quick | (busy & slow))
        return np.where(self.baseline.levels.sized >= MEDIUM_PER_S * self._window_s, grade, 0)

    def _rate_since(self) -> Int64:
        """When the rise of each row began, by the speed that sees it first."""
        quick, fast = (self.rate.top_of(speed) >= SPEEDS[speed].threshold for speed in (QUICK, FAST))
        return np.where(quick | fast, self.rate.since_ms(QUICK), self.rate.since_ms(SLOW))

    def _suspects(self, start_ms: int) -> Bool:
        """Where a rise may have begun within the last half hour: nothing is learnt from it until it is over or has lasted."""
        return np.asarray((self.rate.top_of(SLOW) >= SUSPECTS) & (start_ms - self.rate.since_ms(SLOW) < SUSPECT_MS))

    def _lasts(self) -> Bool:
        """Where what was seen lately is still far above what is expected."""
        alarms, levels = self.alarms, self.baseline.levels
        by_rate = alarms.load > RATE_LASTS * levels.load
        by_size = alarms.size > SIZE_LASTS * alarms.sized * self._cap / CAP
        return np.asarray(np.where(alarms.by_size, by_size, by_rate))

    def learn(self, throttled: Bool, *, complete: bool, start_ms: int) -> None:
        """Take the scored window into the baseline of the rows that learn; learn anew what was abnormal for too long.

        Args:
            throttled: rows of which too much was throttled, shape (rows,). The young learn all the same, and all do after a day.
            complete: whether all of the telemetry is there.
            start_ms: of the window.
        """
        alarms = self.alarms
        learns = (~throttled | (self.baseline.levels.windows < COLD_WINDOWS)) & complete
        alarms.barred[:] = np.where(learns, 0, alarms.barred + 1)
        learns |= alarms.barred * self._window_s >= PAGE_FREEZE_MS / 1000
        self.baseline.learn(self.window, self._cap, learns & (alarms.grade == 0).all(axis=0) & ~self._suspects(start_ms))
        if self.relearnt.any():
            self.baseline.relearn(self.relearnt, Window(alarms.load, alarms.load, alarms.sized, alarms.size))
            alarms.grade[self.relearnt] = 0
            self._forget(self.relearnt)

    def _forget(self, rows: Bool) -> None:
        self.rate.reset(rows)
        self.size.reset(rows)

    def sighting(self, unit: int, row: int) -> Sighting:
        """What the last scored window says of a row with an alarm, before anything is learnt from it."""
        at = unit, row
        levels, alarms, window = self.baseline.levels, self.alarms, self.window
        mean, requests = float(self._cap[at]) / CAP, float(window.sized[at])
        if alarms.by_size[at]:
            observed, expected = float(window.size[at]) / requests if requests else 0.0, mean
            factor = float(alarms.size[at]) / max(float(alarms.sized[at]) * mean, 1e-9)
        else:
            observed, expected = float(window.raw[at]), float(levels.raw[at])
            factor = float(alarms.load[at]) / max(float(levels.load[at]), 1e-9)
        proof, score = self._proof(at)
        return Sighting(
            grade=Grade(alarms.grade[at]),
            channel=Channel.SIZE if alarms.by_size[at] else Channel.RATE,
            since_ms=int(alarms.since_s[at]) * 1000,
            observed=observed,
            expected=expected,
            factor=factor,
            requests=requests,
            expected_requests=float(levels.sized[at]),
            proof=proof,
            score=score,
            relearnt=bool(self.relearnt[at]),
        )

    def _proof(self, at: tuple[int, int]) -> tuple[Proof, float]:
        """Name, statistic and threshold of the evidence for the alarm of a row, and its score."""
        if self.alarms.by_size[at]:
            statistic = float(self.size.statistic(at))
            return ("size", statistic, SIZE_PAGES), min(1.0, statistic / SIZE_PAGES)
        busy = bool(self._busy(self.baseline.levels.sized[at]))
        pages = max((self._proof_of(speed, at) for speed in ((FAST, STEADY, SLOW) if busy else (QUICK,))), key=_strength)
        score = min(1.0, _strength(pages))
        return (pages if score >= 1 or not busy else self._proof_of(QUICK, at)), score

    def _proof_of(self, speed: int, at: tuple[int, int]) -> Proof:
        return SPEEDS[speed].name, float(self._statistic(speed)[at]), SPEEDS[speed].threshold

    def _statistic(self, speed: int) -> Float64:
        """T of every row with an alarm, 0 of the others, shape (units, rows): found for all when it is asked of one."""
        if speed not in self._statistics:
            alarmed = self.alarms.grade > 0
            self._statistics[speed] = np.zeros(alarmed.shape)
            self._statistics[speed][alarmed] = self.rate.statistic(speed, alarmed)
        return self._statistics[speed]

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back; to be taken between two windows."""
        return {
            "baseline": self.baseline.snapshot(),
            "rate": self.rate.snapshot(),
            "size": self.size.snapshot(),
            "alarms": self.alarms.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self.baseline.restore(state["baseline"])
        self.rate.restore(state["rate"])
        self.size.restore(state["size"])
        self.alarms.restore(state["alarms"])


def _strength(proof: Proof) -> float:
    """Its statistic in thresholds."""
    return proof[1] / proof[2]
