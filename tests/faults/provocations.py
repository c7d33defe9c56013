"""A clock -> records that make Tidegate page, throttle and roll back, a fresh incident each, all the time."""

import json
from collections.abc import Iterator
from typing import Any

from tests.faults.policy import service, spender

CANARY_MS = 60_000
"""How long a canary runs; three windows of it are enough to fail it."""
ARM_MS = 300
"""Between two records of one arm."""


class Provocations:
    """Records of overspent budgets and of dear canaries, numbered from 0.

    Args:
        start_ms: epoch milliseconds of the first one.
        spend_ms: between two overspent budgets; 0 for none.
        canary_ms: between two canaries; 0 for none.
        most: how many of each kind.
        tag: begins every event id.
    """

    def __init__(self, start_ms: int, *, spend_ms: int, canary_ms: int, most: int, tag: str) -> None:
        self._start_ms = start_ms
        self._done_ms = start_ms
        self._spend_ms = spend_ms
        self._canary_ms = canary_ms
        self._most = most
        self._tag = tag

    def until(self, now_ms: int) -> Iterator[tuple[bytes, bytes]]:
        """(key, value) of what happened since the last call."""
        since_ms, self._done_ms = self._done_ms, now_ms
        for number, at_ms in self._begun(self._spend_ms, since_ms, now_ms):
            yield self._record(spender(number), f"spend-{number}", at_ms, tenant=spender(number), cost_usd="2.5")
        for number, begin_ms in self._begun(self._canary_ms, since_ms - CANARY_MS, now_ms):
            yield from self._canary(number, begin_ms, since_ms, now_ms)

    def _begun(self, every_ms: int, since_ms: int, now_ms: int) -> Iterator[tuple[int, int]]:
        """Number and beginning of the incidents that begin in [since, now)."""
        if not every_ms:
            return
        first = max(0, -(-(since_ms - self._start_ms) // every_ms))
        for number in range(first, min(self._most, -(-(now_ms - self._start_ms) // every_ms))):
            yield number, self._start_ms + number * every_ms

    def _canary(self, number: int, begin_ms: int, since_ms: int, now_ms: int) -> Iterator[tuple[bytes, bytes]]:
        name = service(number)
        for at_ms in range(begin_ms, begin_ms + CANARY_MS, ARM_MS):
            if since_ms <= at_ms < now_ms:
                arms = (("canary", "v2", "0.08"), ("baseline", "v1", "0.01"))
                for cohort, release, cost in arms:
                    about = {"service": name, "cohort": cohort, "release": release, "cost_usd": cost}
                    yield self._record(name, f"{name}-{cohort}-{at_ms}", at_ms, **about)

    def _record(self, key: str, what: str, at_ms: int, **fields: Any) -> tuple[bytes, bytes]:
        known = {
            "event_id": f"{self._tag}-{what}", "ts": at_ms, "model": "gpt-4o", "provider": "openai", "env": "prod", "status": 200,
            "input_tokens": 100, "output_tokens": 10,
        }  # fmt: skip
        return key.encode(), json.dumps({**known, **fields}).encode()
