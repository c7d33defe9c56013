"""Integers of one window after another -> their sums over spans from 10 s to 3 days, in bounded memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detectors.facts import Int64

_RINGS = ((10_000, 3_600_000), (60_000, 86_400_000), (600_000, 3 * 86_400_000))
"""Distance of the marks and longest span of each ring: no span is read more than 1/60 too short, from 10 min on."""


class Spans:
    """Spans of shape (..., series), sorted out by the ring that answers for them; made once, asked for in every window."""

    def __init__(self, spans_ms: Int64) -> None:
        self.shape = spans_ms.shape
        flat = spans_ms.reshape(-1)
        shorter = [0, *(longest for _, longest in _RINGS)]
        mine = [np.flatnonzero((flat > shorter[i]) & (flat <= longest)) for i, (_, longest) in enumerate(_RINGS)]
        self.of_ring = [(each, each % spans_ms.shape[-1], flat[each]) for each in mine]


class SpendHistory:
    """Running totals of some series, and what they were at marks in the past: three rings of 10 s, 1 min and 10 min.

    The sum over a span is the total less its mark at the start of the span; where the start lies between two marks, the later one
    counts, so that a sum is never too large. A span that reaches back before the first window counts what there is.
    """

    def __init__(self, series: int) -> None:
        self._total = np.zeros(series, np.int64)
        self._marks = [np.zeros((span // step + 2, series), np.int64) for step, span in _RINGS]
        self._marked = [-1 for _ in _RINGS]

    def add(self, start_ms: int, end_ms: int, numbers: Sequence[int] | Int64) -> None:
        """Book the numbers of the window [start_ms, end_ms), one a series; windows come in order, gaps are zeros."""
        self._mark(start_ms)
        self._total += np.asarray(numbers, np.int64)
        self._mark(end_ms)

    def correct(self, end_ms: int, series: int, number: int) -> None:
        """Add to one series what belongs to a window that ended at `end_ms`, some time ago."""
        self._total[series] += number
        for (step, _), marks, last in zip(_RINGS, self._marks, self._marked, strict=True):
            first = max(-(-end_ms // step), last - len(marks) + 1)
            marks[np.arange(first, last + 1) % len(marks), series] += number

    def sums(self, end_ms: int, spans: Spans) -> Int64:
        """Sums over the spans that end at `end_ms`, in the shape of the spans."""
        sums = np.broadcast_to(self._total, spans.shape).copy()
        flat = sums.reshape(-1)
        for (step, _), marks, (positions, series, spans_ms) in zip(_RINGS, self._marks, spans.of_ring, strict=True):
            if len(positions):
                flat[positions] -= marks[-((spans_ms - end_ms) // step) % len(marks), series]
        return sums

    def _mark(self, at_ms: int) -> None:
        """Set all marks up to this instant to the total as it is."""
        for i, ((step, _), marks) in enumerate(zip(_RINGS, self._marks, strict=True)):
            now = at_ms // step
            if now > self._marked[i]:
                first = now if self._marked[i] < 0 else max(self._marked[i] + 1, now - len(marks) + 1)
                marks[np.arange(first, now + 1) % len(marks)] = self._total
                self._marked[i] = now

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"total": self._total.copy(), "marks": [marks.copy() for marks in self._marks], "marked": list(self._marked)}

    def restore(self, state: dict[str, Any], *, columns: Sequence[int]) -> None:
        """Become what `snapshot` saw: series i is series `columns[i]` of the snapshot, or zeros where that is below 0."""
        took = np.array(columns, np.int64)
        known = took >= 0
        self._total = np.zeros(len(took), np.int64)
        self._total[known] = np.asarray(state["total"])[took[known]]
        self._marks = [np.zeros((len(marks), len(took)), np.int64) for marks in state["marks"]]
        for own, marks in zip(self._marks, state["marks"], strict=True):
            own[:, known] = np.asarray(marks)[:, took[known]]
        self._marked = list(state["marked"])
