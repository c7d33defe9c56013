"""Attempts -> when their records reach the log, and which of them come twice, in two versions or next to broken ones."""

import numpy as np
from numpy.typing import NDArray

from streams.simulate.attempts import Column, Extra
from streams.simulate.scenario import Delivery

Int64 = NDArray[np.int64]


def deliver(rows: Int64, delivery: Delivery, random: np.random.Generator) -> None:
    """Fill in arrival and extras of the attempts, in place."""
    count = rows.shape[1]
    delay_ms = delivery.delay_ms * np.exp(delivery.sigma * random.standard_normal(count))
    np.minimum(delay_ms, delivery.max_delay_ms, out=delay_ms)
    late = np.flatnonzero(random.random(count) < delivery.late_ratio)
    delay_ms[late] += random.random(len(late)) * delivery.late_by_ms
    rows[Column.ARRIVAL_MS] = rows[Column.TS_MS] + delay_ms.astype(np.int64)
    ratios = (delivery.duplicate_ratio, delivery.conflict_ratio, delivery.malformed_ratio)
    rows[Column.EXTRA] = np.searchsorted(np.cumsum(ratios), random.random(count), side="right") + 1
    rows[Column.EXTRA][rows[Column.EXTRA] > len(ratios)] = Extra.NONE
    rows[Column.EXTRA_SEED] = random.integers(0, 2**31, count)
    unknown = random.random(count) < delivery.unknown_usage_ratio
    rows[Column.INPUT, unknown] = rows[Column.OUTPUT, unknown] = -1
    rows[Column.CACHED, unknown] = rows[Column.REASONING, unknown] = 0


class Sessions:
    """Numbers the sessions of every tenant: a request belongs to one of the tenant's few open ones."""

    def __init__(self, tenants: int, operations_per_session: float) -> None:
        self._seen = np.zeros(tenants, dtype=np.int64)
        self._length = max(1, round(operations_per_session))

    def number(self, tenant: Int64, random: np.random.Generator) -> Int64:
        """The session of each operation, given the tenant of each, in order of time."""
        order = np.argsort(tenant, kind="stable")
        counts = np.bincount(tenant, minlength=len(self._seen))
        within = np.empty(len(tenant), dtype=np.int64)
        within[order] = np.arange(len(tenant)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = self._seen[tenant] + within
        self._seen += counts
        return np.asarray((at + random.integers(0, 3 * self._length, len(tenant))) // self._length)
