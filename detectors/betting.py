"""Bounded differences, block after block -> evidence that their mean is above zero, valid however often one looks."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.columns import Columns
from detectors.facts import Float64, Int64

RUIN_RATIO = 0.9
"""No block takes more than this share of a bet."""
ENOUGH_WEALTH = 1e12
"""More is not kept, so that nothing overflows; it only makes the evidence smaller."""


@dataclass(slots=True)
class _State(Columns):
    wealth: Float64
    blocks: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))


class Betting:
    """A betting e-process (Waudby-Smith and Ramdas 2024) for H0: E[D | past] <= 0, one a row.

    Each bet lambda multiplies its wealth by 1 + lambda * D in every block; the evidence is the mean wealth. By Ville's inequality
    it ever reaches 1 / alpha with probability at most alpha under H0. So that a mean that rises late is found too, a new bet with
    capital 1 / (k (k + 1)) joins before block k, and what has not joined yet, 1 / (k + 1), counts as it is: also an e-process.

    A block that would take more than 90 % of a bet takes 90 %. This keeps 1 + lambda * D positive by construction. It is the one
    place where evidence is rounded up; bet no more than makes D < -0.9 / lambda rare.
    """

    def __init__(self, *, lambdas: tuple[float, ...]) -> None:
        self._lambdas = np.array(lambdas)[:, None]
        self._state = _State(np.zeros((len(lambdas), 0)))

    def grow(self, rows: int) -> None:
        """Make room for `rows` rows."""
        self._state.grow(rows)

    def take(self, rows: Int64, differences: Float64, highest: Float64) -> None:
        """Bet on one block of the given rows, shapes (n,). No bet is above `highest`, which must not depend on the differences."""
        number = self._state.blocks[rows] + 1
        gain = 1 + np.maximum(np.minimum(self._lambdas, highest) * differences, -RUIN_RATIO)
        wealth = (self._state.wealth[:, rows] + 1 / (number * (number + 1))) * gain
        self._state.wealth[:, rows] = np.minimum(wealth, ENOUGH_WEALTH)
        self._state.blocks[rows] = number

    def evidence(self, rows: Int64) -> Float64:
        """The e-value of each given row, shape (n,); 1 before the first block."""
        return np.asarray(self._state.wealth[:, rows].mean(axis=0) + 1 / (self._state.blocks[rows] + 1))

    def forget(self, rows: Int64) -> None:
        """The given rows begin anew."""
        self._state.wealth[:, rows] = 0
        self._state.blocks[rows] = 0

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
