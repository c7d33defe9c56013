"""A seed -> minutes of telemetry with a fault, repeats, disorder, late and malformed records."""

import json
import random
from collections.abc import Iterator
from typing import Any

T0 = 1_790_000_000_000
TENANTS = ("acme", "globex", "initech", "umbrella")


def usage(number: int, ts_ms: int, tenant: str, **fields: Any) -> dict[str, Any]:
    known = {
        "event_id": f"e{number}", "ts": ts_ms, "model": "gpt-4o", "provider": "openai", "tenant": tenant, "team": "search",
        "env": "prod", "service": "chat", "feature": "answer", "status": 200, "input_tokens": 500, "output_tokens": 100,
    }  # fmt: skip
    return {**known, **fields}


def traffic(*, minutes: int, per_second: float, seed: int, late: bool = True) -> Iterator[tuple[int, str, bytes]]:
    """(arrival, key, value) in order of arrival; in the last third acme sends twelve times as many tokens."""
    return iter(sorted(_traffic(random.Random(seed), minutes, per_second, late=late), key=lambda each: each[0]))


def _traffic(chance: random.Random, minutes: int, per_second: float, *, late: bool) -> Iterator[tuple[int, str, bytes]]:
    at_ms, end_ms, number = float(T0), T0 + minutes * 60_000, 0
    while at_ms < end_ms:
        at_ms += chance.expovariate(per_second) * 1000
        tenant = chance.choice(TENANTS)
        factor = 12 if tenant == "acme" and at_ms > T0 + (end_ms - T0) * 2 / 3 else 1
        record = usage(
            number, int(at_ms), tenant, model=chance.choice(("gpt-4o", "nobody-knows")),
            input_tokens=int(chance.lognormvariate(6, 1)) * factor, output_tokens=int(chance.lognormvariate(5, 1)) * factor,
            attempt=1 + (chance.random() < 0.05),
        )  # fmt: skip
        delay_ms = chance.random() * (60_000 if late and chance.random() < 0.02 else 2_000)
        value = b"{bad" if chance.random() < 0.002 else json.dumps(record).encode()
        yield int(at_ms + delay_ms), tenant, value
        if chance.random() < 0.02:
            yield int(at_ms + delay_ms + 50), tenant, value
        number += 1
