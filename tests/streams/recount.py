"""An independent recount of a file of good usage records: json and Decimal, none of the product's code."""

import json
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

NANO = Decimal("1E-9")
PRICES = {  # USD a million tokens: input, cached input, cache write, output
    "gpt-4o": ("2.5", "1.25", "2.5", "10"),
    "gpt-4o-mini": ("0.15", "0.075", "0.15", "0.6"),
    "claude-haiku-4-5": ("1", "0.1", "1.25", "5"),
    "claude-sonnet-4-5": ("3", "0.3", "3.75", "15"),
    "gemini-2.5-flash": ("0.3", "0.03", "0.3", "2.5"),
}


def cost_usd(record: dict) -> Decimal:
    """Billed dollars, or tokens times price, rounded half-even to nano-dollars once."""
    if record.get("cost_usd") is not None:
        return Decimal(str(record["cost_usd"])).quantize(NANO, ROUND_HALF_EVEN)
    into, read, write, out = (Decimal(each) for each in PRICES[record["model"]])
    cached, written = record.get("cached_input_tokens") or 0, record.get("cache_write_tokens") or 0
    plain = (record["input_tokens"] or 0) - cached - written
    tokens = plain * into + cached * read + written * write + (record["output_tokens"] or 0) * out
    return (tokens / 1_000_000).quantize(NANO, ROUND_HALF_EVEN)


def recount(lines: Iterable[bytes]) -> dict[str, object]:
    """Records, operations, tokens and dollars, each event_id once."""
    seen: set[str] = set()
    total = {"usage_records": 0, "operations": 0, "input_tokens": 0, "output_tokens": 0}
    dollars = Decimal(0)
    for line in lines:
        record = json.loads(line)
        if record["event_id"] in seen:
            continue
        seen.add(record["event_id"])
        total["usage_records"] += 1
        total["operations"] += record.get("attempt", 1) == 1
        total["input_tokens"] += record["input_tokens"] or 0
        total["output_tokens"] += record["output_tokens"] or 0
        dollars += cost_usd(record)
    return total | {"cost_usd": dollars}
