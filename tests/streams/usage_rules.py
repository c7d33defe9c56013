"""The field rules of usage records, a second time, with json and Decimal alone: what a record is refused for, if anything."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

MOST_BYTES = 65_536
REQUIRED = ("event_id", "ts", "model", "input_tokens", "output_tokens")
TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
TEXTS = (
    "event_id", "model", "tenant", "team", "service", "feature", "env", "provider", "region", "tier",
    "release", "cohort", "session_id", "operation_id", "error_class",
)  # fmt: skip
HOUR_MS = 3_600_000
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SANE_MS = (Decimal(10) ** 12, Decimal(10) ** 13)


def _not_a_number(text: str) -> Any:
    raise ValueError(text)


def parsed(value: bytes) -> tuple[dict[str, Any] | None, str | None]:
    """(record, reason): one of them is None."""
    if len(value) > MOST_BYTES:
        return None, "too_large"
    try:
        record = json.loads(value.decode("utf-8"), parse_float=Decimal, parse_constant=_not_a_number)
    except UnicodeDecodeError:
        return None, "not_utf8"
    except RecursionError:
        return None, "too_deep"
    except ValueError:
        return None, "not_json"
    return (record, None) if isinstance(record, dict) else (None, "wrong_type")


def ts_ms(ts: Any) -> int | None:
    """Epoch milliseconds of a record's `ts`; None when it is no time."""
    if isinstance(ts, int):
        return ts if SANE_MS[0] <= ts < SANE_MS[1] else None
    try:
        at = dt.datetime.fromisoformat(ts)
        return (at - EPOCH) // dt.timedelta(milliseconds=1) if at.tzinfo else None
    except ValueError:
        return None


def refusal(value: bytes, arrival_ms: int) -> str | None:
    """Why a record is refused that reached the log at `arrival_ms`; None when it is good."""
    record, reason = parsed(value)
    if record is None:
        return reason
    return _fields(record) or _figures(record) or _time(record, arrival_ms)


def _fields(record: dict[str, Any]) -> str | None:
    if any(name not in record for name in REQUIRED):
        return "missing"
    numbers = (record.get(name) for name in (*TOKENS, "attempt", "status", "latency_ms", "ttft_ms"))
    whole = all(number is None or (isinstance(number, int) and not isinstance(number, bool)) for number in numbers)
    texts = all(isinstance(record.get(name, ""), str) for name in TEXTS)
    return None if whole and texts else "wrong_type"


def _figures(record: dict[str, Any]) -> str | None:
    tokens = {name: record.get(name) or 0 for name in TOKENS}
    if any(not 0 <= count <= 10**9 for count in tokens.values()) or not 1 <= record.get("attempt", 1) <= 1000:
        return "out_of_range"
    if min(record.get("latency_ms", 0), record.get("ttft_ms", 0)) < 0 or not 1 <= len(record["event_id"]) <= 128:
        return "out_of_range"
    parts = tokens["cached_input_tokens"] + tokens["cache_write_tokens"]
    within = parts <= tokens["input_tokens"] and tokens["reasoning_tokens"] <= tokens["output_tokens"]
    return None if within else "subset_exceeds_total"


def _time(record: dict[str, Any], arrival_ms: int) -> str | None:
    at_ms = ts_ms(record["ts"])
    if at_ms is None:
        return "bad_timestamp"
    if at_ms > arrival_ms + 60_000:
        return "future"
    return "too_old" if at_ms < arrival_ms - 48 * HOUR_MS else None
