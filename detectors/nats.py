"""Log e-values of windows -> evidence that is kept in 16 bits."""

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bool, Float32, Floats
from detectors.facts import Float64

Int16 = NDArray[np.int16]

PARTS = 128
"""Evidence is counted in whole parts of a nat, rounded down: rounding takes evidence away and never makes any."""
MOST = 255.0
"""Nats that can be kept."""


def nats(kept: Int16) -> Float32:
    """The evidence in nats."""
    return kept * np.float32(1 / PARTS)


def mixture(kept: Int16, rows: Bool | tuple[int, int]) -> Float64:
    """`ln mean_bet exp max(0, M)`, shape (rows,), of evidence of shape (bets, units, rows); a scalar for one (unit, row)."""
    of = nats(np.maximum(kept[:, *rows] if isinstance(rows, tuple) else kept[:, rows], 0)).astype(np.float64)
    top = of.max(axis=0)
    return np.asarray(top + np.log(np.exp(of - top).mean(axis=0)))


def add(kept: Int16, logs: Floats, most: float) -> None:
    """`M <- min(max(0, M) + logs, most)` in place, both sides rounded down to whole parts; `most` is at most MOST.

    >>> kept = np.array([1280, -5], np.int16)
    >>> add(kept, np.array([0.999, -2.0]), 20.0)
    >>> nats(kept).tolist()
    [10.9921875, -2.0]
    """
    moved = np.floor(np.clip(logs, -MOST, MOST) * np.float32(PARTS))
    moved += np.maximum(kept, 0)
    kept[...] = np.minimum(moved, most * PARTS)
