"""Telemetry as it was sent -> what has to come of it, by a recount that shares no code with the product: json and Decimal."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tests.faults.policy import PRICES

NANO = Decimal("1e-9")
LARGEST = 64 * 1024


@dataclass(slots=True)
class Recount:
    """Totals.

    Attributes:
        records: all that is in the log.
        accepted: counted once.
        duplicates: came again under a known id, in its partition.
        refused: (partition, offset) of what is no usage.
    """

    records: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: set[tuple[int, int]] = field(default_factory=set)
    input_tokens: int = 0
    output_tokens: int = 0
    nanos: int = 0

    def take(self, record: Mapping[str, Any]) -> None:
        """Count a good record."""
        self.accepted += 1
        self.input_tokens += record["input_tokens"] or 0
        self.output_tokens += record["output_tokens"] or 0
        self.nanos += int(cost_usd(record) / NANO)


def recount(telemetry: Mapping[int, Iterable[tuple[int, bytes]]]) -> Recount:
    """Count all partitions. What the simulation broke is told by its id, or cannot be read at all."""
    total = Recount()
    for partition, values in telemetry.items():
        known: set[str] = set()
        for offset, value in values:
            total.records += 1
            record = _usage(value)
            if record is None:
                total.refused.add((partition, offset))
            elif record["event_id"] in known:
                total.duplicates += 1
            else:
                known.add(record["event_id"])
                total.take(record)
    return total


def _usage(value: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(value.decode()) if len(value) <= LARGEST else None
    except (ValueError, RecursionError):
        return None
    if record is None or "event_id" not in record or record["event_id"].endswith("-x"):
        return None
    assert isinstance(record, dict)
    return record


def cost_usd(record: Mapping[str, Any]) -> Decimal:
    """What a record costs, rounded half-even to nano-dollars once."""
    if "cost_usd" in record:
        return Decimal(record["cost_usd"]).quantize(NANO, ROUND_HALF_EVEN)
    if record["input_tokens"] is None or record["output_tokens"] is None:
        return Decimal(0)
    given, cached, got = PRICES[record["model"]]
    from_cache = record.get("cached_input_tokens") or 0
    cost = (record["input_tokens"] - from_cache) * given + from_cache * cached + record["output_tokens"] * got
    return (cost / 1_000_000).quantize(NANO, ROUND_HALF_EVEN)
