"""Facts of provider and tenant pairs -> whose fault a storm is: the provider's, when most of its tenants fail, or a client's."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.columns import Columns
from detectors.facts import ERRORS, Bool, Int64, RollupFacts
from detectors.roster import Roster

PAIR = ("provider", "tenant")
FAILING_RATIO = 0.2
"""A tenant fails at a provider when so many of its attempts do."""
FEW = 5
"""A tenant with fewer attempts in two windows has no say."""
ACTION_CAP = 6
"""Tidegate throttles at most so many scopes in 10 minutes: where more tenants are throttled, the provider does it."""


@dataclass(slots=True)
class _State(Columns):
    last: Int64 = field(default_factory=lambda: np.zeros((2, 4, 0), np.int64))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two windows of every (provider, tenant); arrays of shape (pairs,).

    Attributes:
        roster: who the pairs are.
        numbers: for provider and for tenant, value -> number.
        number: shape (2, pairs): the numbers of each pair's provider and tenant.
        attempts, operations, repeats: of the pair; repeats are retries beyond the throttled attempts.
        failing, limited: whether it fails, and whether it fails by being throttled.
    """

    roster: Roster
    numbers: tuple[dict[str, int], dict[str, int]]
    number: Int64
    attempts: Int64
    operations: Int64
    repeats: Int64
    failing: Bool
    limited: Bool

    def widespread(self) -> dict[str, bool]:
        """Providers that fail most of their tenants, or three and a quarter of them -> whether they do it by throttling."""
        providers = self.numbers[0]
        live, bad, limited = (
            np.bincount(self.number[0], weights=each, minlength=len(providers))
            for each in (self.attempts >= FEW, self.failing, self.limited)
        )
        most = (bad >= 2) & (bad > live / 2) | (bad >= 3) & (bad >= live / 4)
        throttling = (limited > ACTION_CAP) & (limited > live / 2)
        return {name: bool(throttling[i]) for name, i in providers.items() if most[i]}

    def shares(self, dimension: str, value: str) -> list[tuple[str, float]]:
        """(tenant, share) of a provider's repeats, or (provider, share) of a tenant's; the largest first, at most 5."""
        own = PAIR.index(dimension)
        mine = np.flatnonzero((self.number[own] == self.numbers[own].get(value, -1)) & (self.repeats > 0))
        total = max(1, int(self.repeats[mine].sum()))
        ranked = sorted((-int(self.repeats[pair]), self.roster.scopes[pair][1 - own][1]) for pair in mine)
        return [(name, -repeats / total) for repeats, name in ranked[:5]]

    def of(self, provider: str, tenants: set[str]) -> tuple[int, int]:
        """Operations and repeats that some tenants have at a provider."""
        mine = np.flatnonzero(self.number[0] == self.numbers[0].get(provider, -1))
        theirs = [pair for pair in mine if self.roster.scopes[pair][1][1] in tenants]
        return int(self.operations[theirs].sum()), int(self.repeats[theirs].sum())


class RetryFault:
    """Keeps two windows of all pairs, so that a fault that began in the middle of one is seen whole in the next."""

    def __init__(self) -> None:
        self._state = _State()
        self._numbers: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._number = np.zeros((2, 0), np.int64)

    def take(self, facts: RollupFacts) -> Pairs:
        """Book one window of the pairs."""
        rows = len(facts.roster)
        self._state.grow(rows)
        self._state.clear(facts.reused)
        self._admit(facts.roster)
        errors = sum((facts.column(name) for name in ERRORS), np.zeros(rows, np.int64))
        last = self._state.last[..., :rows]
        last[0], last[1] = last[1], np.stack([facts.column("attempts"), facts.column("retries"), facts.column("throttled"), errors])
        attempts, retries, throttled, failed = last.sum(axis=0)
        return Pairs(
            roster=facts.roster,
            numbers=self._numbers,
            number=self._number,
            attempts=attempts,
            operations=attempts - retries,
            repeats=np.maximum(0, retries - throttled),
            failing=(attempts >= FEW) & (failed + throttled >= FAILING_RATIO * attempts),
            limited=(attempts >= FEW) & (throttled >= FAILING_RATIO * attempts),
        )

    def _admit(self, roster: Roster) -> None:
        if len(self._numbers[1]) > 2 * len(roster):  # most of the names are of pairs that are forgotten
            self._numbers, self._number = ({}, {}), np.zeros((2, 0), np.int64)
        known = self._number.shape[1]
        if known < len(roster):
            self._number = np.concatenate([self._number, np.zeros((2, len(roster) - known), np.int64)], axis=1)
        for slot in [*roster.reused.tolist(), *range(known, len(roster))]:
            self._number[:, slot] = [
                numbers.setdefault(value, len(numbers))
                for numbers, (_, value) in zip(self._numbers, roster.scopes[slot], strict=True)
            ]

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back; the numbers of names follow from the roster."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
        self._numbers = ({}, {})
        self._number = np.zeros((2, 0), np.int64)
