"""Storms of tenants and providers in one window -> whose fault each is, and who contributes to it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from detectors.facts import Int64
from detectors.retry_fault import PAIR, Pairs
from detectors.retry_trail import INDEX
from detectors.retry_watch import Storms
from detectors.scope import Rollup

PROVIDER, TENANT = ("provider",), ("tenant",)


class RetryBlame:
    """A provider that fails most of its tenants is to blame for their storms; otherwise each tenant is for its own."""

    def __init__(self, pairs: Pairs, widespread: Mapping[str, bool], storms: Mapping[Rollup, Storms], *, rest_ratio: float) -> None:
        self._pairs = pairs
        self._rest_ratio = rest_ratio
        self._failing = set(widespread)
        self._tenants = _storming(storms.get(TENANT))

    def suspect(self, dimension: str, value: str) -> dict[str, Any] | None:
        """What goes into `suspected_change` of a storming scope."""
        if dimension == "provider":
            return {"kind": "provider", "provider": value} if value in self._failing else None
        if dimension != "tenant":
            return None
        for provider, share in self._pairs.shares(dimension, value):
            if provider in self._failing and share >= 0.5:
                return {"kind": "provider", "provider": provider}
        return {"kind": "client"}

    def lifted_by_clients(self, dimension: str, value: str, sums: Int64) -> bool:
        """A provider that is normal without the tenants that storm; `sums` are of its last two windows, shape (names,)."""
        if dimension != "provider" or value in self._failing or not self._tenants:
            return False
        operations, repeats = self._pairs.of(value, self._tenants)
        rest = int(sums[INDEX["attempts"]] - sums[INDEX["throttled"]] - sums[INDEX["operations"]]) - repeats
        return repeats > 0 and rest <= self._rest_ratio * max(1, int(sums[INDEX["operations"]]) - operations)

    def contributors(self, dimension: str, value: str) -> list[dict[str, Any]]:
        """Tenants of a provider, providers of a tenant, by their share of the retries."""
        if dimension not in PAIR:
            return []
        other = PAIR[1 - PAIR.index(dimension)]
        return [{"scope": {other: name}, "share": share} for name, share in self._pairs.shares(dimension, value)]


def _storming(storms: Storms | None) -> set[str]:
    if storms is None:
        return set()
    return {storms.facts.roster.scopes[row][0][1] for row in np.flatnonzero(storms.storm)}
