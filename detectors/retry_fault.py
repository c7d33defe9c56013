"""Facts of provider and tenant pairs -> whose fault a storm is: the provider's, when most of its tenants fail, or a client's."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

from detectors.columns import Columns, Int32, UInt32, UInt64
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
    """Attempts, retries, throttled attempts and errors of the last window, shape (4, pairs)."""

    last: UInt32 = field(default_factory=lambda: np.zeros((4, 0), np.uint32))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two windows of every (provider, tenant); arrays of shape (pairs,).

    Attributes:
        roster: who the pairs are.
        providers: value -> number.
        provider, tenant: number of each pair's provider, and the key of its tenant.
        attempts, operations, repeats: of the pair; repeats are retries beyond the throttled attempts.
        failing, limited: whether it fails, and whether it fails by being throttled.
    """

    roster: Roster
    providers: dict[str, int]
    provider: Int32
    tenant: UInt64
    attempts: Int64
    operations: Int64
    repeats: Int64
    failing: Bool
    limited: Bool

    def widespread(self) -> dict[str, bool]:
        """Providers that fail most of their tenants, or three and a quarter of them -> whether they do it by throttling."""
        live, bad, limited = (
            np.bincount(self.provider, weights=each, minlength=len(self.providers))
            for each in (self.attempts >= FEW, self.failing, self.limited)
        )
        most = (bad >= 2) & (bad > live / 2) | (bad >= 3) & (bad >= live / 4)
        throttling = (limited > ACTION_CAP) & (limited > live / 2)
        return {name: bool(throttling[i]) for name, i in self.providers.items() if most[i]}

    def shares(self, dimension: str, value: str) -> list[tuple[str, float]]:
        """(tenant, share) of a provider's repeats, or (provider, share) of a tenant's; the largest first, at most 5."""
        own = PAIR.index(dimension)
        whose = self._of_provider(value) if dimension == "provider" else self.tenant == _key(value)
        mine = np.flatnonzero(whose & (self.repeats > 0))
        total = max(1, int(self.repeats[mine].sum()))
        ranked = sorted((-int(self.repeats[pair]), self.roster.scopes[pair][1 - own][1]) for pair in mine)
        return [(name, -repeats / total) for repeats, name in ranked[:5]]

    def of(self, provider: str, tenants: set[str]) -> tuple[int, int]:
        """Operations and repeats that some tenants have at a provider."""
        mine = np.flatnonzero(self._of_provider(provider))
        theirs = [pair for pair in mine if self.roster.scopes[pair][1][1] in tenants]
        return int(self.operations[theirs].sum()), int(self.repeats[theirs].sum())

    def _of_provider(self, value: str) -> Bool:
        return np.asarray(self.provider == self.providers.get(value, -1))


class RetryFault:
    """Keeps two windows of all pairs, so that a fault that began in the middle of one is seen whole in the next."""

    def __init__(self) -> None:
        self._state = _State()
        self._providers: dict[str, int] = {}
        self._provider, self._tenant = np.zeros(0, np.int32), np.zeros(0, np.uint64)

    def take(self, facts: RollupFacts) -> Pairs:
        """Book one window of the pairs."""
        rows = len(facts.roster)
        self._state.grow(rows)
        self._state.clear(facts.reused)
        self._admit(facts.roster)
        errors = sum((facts.column(name) for name in ERRORS), np.zeros(rows, np.int64))
        now = np.stack([facts.column("attempts"), facts.column("retries"), facts.column("throttled"), errors])
        attempts, retries, throttled, failed = now + self._state.last
        self._state.last[:] = now
        return Pairs(
            roster=facts.roster,
            providers=self._providers,
            provider=self._provider,
            tenant=self._tenant,
            attempts=attempts,
            operations=attempts - retries,
            repeats=np.maximum(0, retries - throttled),
            failing=(attempts >= FEW) & (failed + throttled >= FAILING_RATIO * attempts),
            limited=(attempts >= FEW) & (throttled >= FAILING_RATIO * attempts),
        )

    def _admit(self, roster: Roster) -> None:
        if len(self._providers) > 2 * len(roster):  # most of them are of pairs that are forgotten
            self._providers, self._provider, self._tenant = {}, self._provider[:0], self._tenant[:0]
        known = len(self._provider)
        if known < len(roster):
            more = np.zeros(len(roster) - known, np.int32)
            self._provider = np.concatenate([self._provider, more])
            self._tenant = np.concatenate([self._tenant, more.astype(np.uint64)])
        for slot in [*roster.reused.tolist(), *range(known, len(roster))]:
            (_, provider), (_, tenant) = roster.scopes[slot]
            self._provider[slot] = self._providers.setdefault(provider, len(self._providers))
            self._tenant[slot] = _key(tenant)

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back; what stands for names follows from the roster."""
        return self._state.snapshot()

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._state.restore(state)
        self._providers = {}
        self._provider, self._tenant = np.zeros(0, np.int32), np.zeros(0, np.uint64)


def _key(tenant: str) -> int:
    """64 bits that stand for a name: a dict of all names would take five times the memory of all the rest."""
    return int.from_bytes(blake2b(tenant.encode(), digest_size=8).digest(), "little")
