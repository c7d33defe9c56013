"""What a test says of a record -> the record as it is sent, and the obvious way to count records, one by one."""

import itertools
import json
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from detectors.facts import COLUMN, SUMS
from streams.batch import Batch
from streams.block import Sealed
from streams.decode import decode
from streams.leaves import fate_of
from streams.partition import SourcePartition
from streams.price import Book, ModelPrice, PriceState
from streams.usage import ts_ms
from streams.window import Timing

T0 = 1_790_000_000_000
ROLLUPS = ((), ("tenant",), ("model",), ("env", "team"), ("model", "tenant"))
BOOK = Book.compile(
    overrides={
        "small": ModelPrice(input_usd_per_mtok=Decimal("0.15"), output_usd_per_mtok=Decimal("0.6")),
        "gratis": ModelPrice(input_usd_per_mtok=Decimal(0), output_usd_per_mtok=Decimal(0)),
    }
)


def record(event_id: str = "e1", **fields: Any) -> bytes:
    """A record with everything that is required."""
    known = {"event_id": event_id, "ts": T0, "model": "small", "input_tokens": 100, "output_tokens": 10}
    return json.dumps({**known, **fields}, ensure_ascii=False).encode()


def partition(*, has_arrival: bool = True, timing: Timing | None = None, **settings: Any) -> SourcePartition:
    """A source partition with few roll-ups and few prices."""
    return SourcePartition(0, timing=timing or Timing(), book=BOOK, rollups=ROLLUPS, has_arrival=has_arrival, **settings)


def fed(source: SourcePartition, log: Sequence[tuple[bytes, int]], cuts: Iterable[int] = ()) -> list[Sealed]:
    """All final blocks of a log of (value, arrival), fed in batches that end at the cuts."""
    edges = sorted({0, len(log), *(cut for cut in cuts if 0 < cut < len(log))})
    sealed = []
    for low, high in itertools.pairwise(edges):
        values, arrivals = [raw for raw, _ in log[low:high]], [at for _, at in log[low:high]]
        sealed += source.feed(Batch(values, range(low, high), arrivals))
    return sealed


def totals(blocks: Iterable[Sealed], rollup: tuple[str, ...] = ()) -> dict[tuple[bool, int, tuple[str, ...]], dict[str, int]]:
    """The sums of several blocks together, by (late, window, scope); what is zero is left out."""
    found: dict[tuple[bool, int, tuple[str, ...]], dict[str, int]] = {}
    for block in blocks:
        rows = block.rollups[rollup]
        for i in range(len(rows.scope)):
            sums = found.setdefault((bool(rows.late[i]), int(rows.window[i]), rows.scopes[rows.scope[i]]), {})
            for name in SUMS:
                if rows.sums[i, COLUMN[name]]:
                    sums[name] = sums.get(name, 0) + int(rows.sums[i, COLUMN[name]])
    return found


def recount(log: Sequence[tuple[bytes, int]], rollup: tuple[str, ...], timing: Timing) -> dict[Any, dict[str, int]]:
    """`totals` of a log of records that are all valid and never too old or future, counted one by one."""
    clock: int | None = None
    seen: dict[str, int] = {}
    found: dict[Any, dict[str, int]] = {}
    for raw, arrival in log:
        usage = decode(raw)
        at_ms = ts_ms(usage)
        window_end = (at_ms // timing.window_ms + 1) * timing.window_ms
        late = clock is not None and window_end <= clock - timing.grace_ms
        clock = max(clock or 0, min(at_ms, arrival))
        oldest = (clock - timing.dedupe_ms) // timing.window_ms
        if seen.get(usage.event_id, -1) >= oldest:
            continue
        seen[usage.event_id] = clock // timing.window_ms
        values = tuple(getattr(usage, dimension) for dimension in rollup)
        if all(values):
            sums = found.setdefault((late, at_ms // timing.window_ms, values), {})
            for name, amount in amounts(raw).items():
                sums[name] = sums.get(name, 0) + amount
    return found


def amounts(raw: bytes) -> dict[str, int]:
    """What one record adds to the sums; what is zero is left out."""
    usage = decode(raw)
    fields = json.loads(raw, parse_float=Decimal)
    cost = BOOK.cost(usage)
    nanos = cost.nanos
    if fields.get("cost_usd") is not None:
        nanos = int((Decimal(fields["cost_usd"]) * 10**9).to_integral_value(ROUND_HALF_EVEN))
    fate = fate_of(usage.result, usage.status)
    unknown = cost.state is PriceState.UNKNOWN
    found = {
        "attempts": 1,
        "operations": int((usage.attempt or 1) == 1),
        "retries": int((usage.attempt or 1) > 1),
        fate: 1,
        "known_nanos": 0 if unknown else nanos,
        "assumed_nanos": nanos if unknown else 0,
        "wasted_nanos": 0 if fate == "successes" else nanos,
        "unknown_price": int(unknown),
        "unknown_usage": int(None in (usage.input_tokens, usage.output_tokens)),
        "input_tokens": usage.input_tokens or 0,
        "output_tokens": usage.output_tokens or 0,
        "cached_input_tokens": 0 if usage.input_tokens is None else usage.cached_input_tokens or 0,
        "cache_write_tokens": 0 if usage.input_tokens is None else usage.cache_write_tokens or 0,
        "reasoning_tokens": 0 if usage.output_tokens is None else usage.reasoning_tokens or 0,
    }
    return {name: amount for name, amount in found.items() if amount}
