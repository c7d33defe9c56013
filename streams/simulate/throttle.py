"""Limits on scopes -> which attempts a gateway turns away: one token bucket a limited scope."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detectors.scope import parse_scope
from streams.simulate.attempts import Column, Outcome
from streams.simulate.lanes import Lanes
from streams.simulate.pace import Pace

Int64 = NDArray[np.int64]
_BURST_S = 2.0
_REFUSAL_MS = 4


class Throttle:
    """A gateway's quotas: a scope at factor f is served f times its quota, which is `quota_factor` times its ordinary rate."""

    def __init__(self, lanes: Lanes, pace: Pace) -> None:
        self._lanes = lanes
        self._pace = pace
        self._level: dict[str, float] = {}
        self._filled_ms: dict[str, int] = {}
        self._members: dict[str, NDArray[np.bool_]] = {}

    def turn_away(self, rows: Int64, limits: Mapping[str, float]) -> None:
        """Mark the attempts above the limits as throttled, in place.

        Args:
            rows: attempts in arrival order, shape (len(Column), n).
            limits: scope text to factor; 1 and more is no limit.
        """
        active = {scope: factor for scope, factor in limits.items() if factor < 1}
        for gone in self._level.keys() - active.keys():
            del self._level[gone], self._filled_ms[gone]
        for scope, factor in sorted(active.items()):
            if scope not in self._members:
                self._members[scope] = self._lanes.of(parse_scope(scope))
            self._limit(rows, scope, factor)

    def _limit(self, rows: Int64, scope: str, factor: float) -> None:
        members = self._members[scope]
        hit = np.flatnonzero(members[rows[Column.LANE]] & (rows[Column.OUTCOME] != Outcome.THROTTLED))
        if not len(hit):
            return
        arrivals_ms = rows[Column.ARRIVAL_MS, hit]
        quota = self._pace.ordinary(float(arrivals_ms[0])) * self._lanes.figures["quota_factor"]
        rate = factor * float(quota[members].sum())
        away = hit[self._pour(scope, rate, arrivals_ms.tolist())]
        rows[Column.OUTCOME, away] = Outcome.THROTTLED
        rows[Column.INPUT : Column.SESSION, away] = 0
        rows[Column.LATENCY_MS, away] = _REFUSAL_MS
        rows[Column.TTFT_MS, away] = 0

    def _pour(self, scope: str, rate: float, arrivals_ms: list[int]) -> NDArray[np.bool_]:
        most = max(1.0, rate * _BURST_S)
        level = self._level.get(scope, most)
        filled_ms = self._filled_ms.get(scope, arrivals_ms[0])
        refused = []
        for at_ms in arrivals_ms:
            level = min(most, level + rate * (at_ms - filled_ms) / 1000)
            filled_ms = at_ms
            refused.append(level < 1)
            level -= 0 if level < 1 else 1
        self._level[scope], self._filled_ms[scope] = level, filled_ms
        return np.array(refused, dtype=np.bool_)
