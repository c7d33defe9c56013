"""Windows in which every tenant speaks, as often as every other: the worst case for memory and caches."""

import random
from collections.abc import Iterator

import numpy as np

from streams.batch import Batch

WINDOW_MS = 10_000
START_MS = 1_772_409_600_000
FEWEST = 40_000
"""Records of a window where tenants are few: as dense as in the other benches."""
SLICE = 2_000
MODELS = (("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-5"), ("google", "gemini-2.5-flash"))


def window(tenants: int, number: int, *, first: int = 0) -> Iterator[Batch]:
    """The records of a window in batches, in order of time. Built as they are asked for.

    Args:
        tenants: how many.
        number: of the window, from START_MS on.
        first: the number of the first tenant.
    """
    order = np.random.default_rng(number).permutation(np.repeat(np.arange(tenants), max(1, -(-FEWEST // tenants))))
    draw, begin_ms = random.Random(number), START_MS + number * WINDOW_MS
    for at in range(0, len(order), SLICE):
        rows = range(at, min(at + SLICE, len(order)))
        times = [begin_ms + row * WINDOW_MS // len(order) for row in rows]
        values = [_record(first + int(order[row]), at_ms, f"{number}-{row}", draw) for row, at_ms in zip(rows, times, strict=True)]
        yield Batch(values, range(number * len(order) + at, number * len(order) + rows.stop), times)


def _record(tenant: int, at_ms: int, name: str, draw: random.Random) -> bytes:
    provider, model = MODELS[tenant % len(MODELS)]
    return (
        f'{{"event_id":"{name}","operation_id":"{name}","attempt":1,"ts":{at_ms},"tenant":"tenant-{tenant}","feature":"chat",'
        f'"service":"chat-api","team":"assist","env":"prod","provider":"{provider}","model":"{model}","release":"v1",'
        f'"input_tokens":{draw.randrange(100, 4_000)},"output_tokens":{draw.randrange(10, 800)},'
        f'"latency_ms":{draw.randrange(200, 9_000)},"status":200,"result":"ok"}}'
    ).encode()
