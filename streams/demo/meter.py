"""The records that a gateway sends -> how much it serves whom, second by second. Pure; times are arguments."""

import bisect
from collections.abc import Iterable

import msgspec

from detectors.scope import parse_scope

THROTTLED = 429


class _Told(msgspec.Struct, frozen=True):
    """The part of a usage record that is metered."""

    tenant: str = ""
    release: str = ""
    cohort: str = ""
    service: str = ""
    status: int = 200


_decode = msgspec.json.Decoder(_Told).decode


class Meter:
    """Counts what a gateway sends.

    Attributes:
        records: all of them.
    """

    def __init__(self) -> None:
        self.records = 0
        self._served: dict[str, tuple[list[int], list[int]]] = {}
        self._canary_ms: dict[tuple[str, str], int] = {}

    def count(self, values: Iterable[bytes], at_ms: int) -> None:
        """Take the records of one step, sent at `at_ms`; steps come in order."""
        served: dict[str, int] = {}
        for told in map(_decode, values):
            self.records += 1
            if told.status != THROTTLED:
                served[told.tenant] = served.get(told.tenant, 0) + 1
            if told.cohort == "canary":
                self._canary_ms[told.service, told.release] = at_ms
        for tenant, count in served.items():
            times, totals = self._served.setdefault(tenant, ([], []))
            times.append(at_ms)
            totals.append(count + (totals[-1] if totals else 0))

    def served_per_s(self, scope: str, start_ms: int, end_ms: int) -> float:
        """Attempts a second that were let through in [start, end), for the scope text of a tenant; 0 for an empty stretch."""
        times, totals = self._served.get(dict(parse_scope(scope)).get("tenant", ""), ([], []))
        before, until = (totals[at - 1] if (at := bisect.bisect_left(times, each)) else 0 for each in (start_ms, end_ms))
        return (until - before) * 1000 / (end_ms - start_ms) if end_ms > start_ms else 0.0

    def canary_seen_ms(self, service: str, release: str) -> int | None:
        """When the last record of a canary was sent; None when there never was one."""
        return self._canary_ms.get((service, release))
