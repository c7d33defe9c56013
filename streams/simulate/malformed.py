"""A good record -> one that has to be refused, for a reason of the closed list."""

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

Broken = Callable[[dict[str, Any], int, random.Random], bytes]
_HOUR_MS = 3_600_000


def _dump(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def _without(record: dict[str, Any], _at_ms: int, choice: random.Random) -> bytes:
    gone = choice.choice(("event_id", "ts", "model", "input_tokens", "output_tokens"))
    return _dump({key: value for key, value in record.items() if key != gone})


def _too_large(record: dict[str, Any], _at_ms: int, choice: random.Random) -> bytes:
    return _dump(record | {"prompt": "x" * (65_536 + choice.randrange(4_096))})


def _not_utf8(record: dict[str, Any], _at_ms: int, choice: random.Random) -> bytes:
    return _dump(record | {"note": "caf#"}).replace(b"caf#", b"caf" + bytes([choice.choice((0xE9, 0xFF, 0xC0))]))


def _not_json(record: dict[str, Any], _at_ms: int, choice: random.Random) -> bytes:
    whole = _dump(record)
    return choice.choice(
        (whole[: choice.randrange(1, len(whole))], whole + b"}", whole.replace(b'"attempt":', b'"attempt":NaN,"again":'))
    )


def _too_deep(record: dict[str, Any], _at_ms: int, choice: random.Random) -> bytes:
    depth = choice.randrange(10_000, 25_000)
    return _dump(record)[:-1] + b',"nested":' + b"[" * depth + b"]" * depth + b"}"


def _wrong_type(record: dict[str, Any], _at_ms: int, choice: random.Random) -> bytes:
    key, value = choice.choice(
        (("input_tokens", "12"), ("output_tokens", True), ("model", 4), ("tenant", ["acme"]), ("attempt", "first"))
    )
    return _dump(record | {key: value})


def _out_of_range(record: dict[str, Any], _at_ms: int, choice: random.Random) -> bytes:
    key, value = choice.choice((("input_tokens", -1), ("output_tokens", 10**9 + 1), ("attempt", 0), ("latency_ms", -5)))
    return _dump(record | {key: value})


def _bad_timestamp(record: dict[str, Any], at_ms: int, choice: random.Random) -> bytes:
    return _dump(record | {"ts": choice.choice(("yesterday", "2026-03-02T00:00:00", at_ms // 1000, at_ms * 1000))})


def _subset(record: dict[str, Any], _at_ms: int, _choice: random.Random) -> bytes:
    tokens = record["input_tokens"] or 0
    return _dump(record | {"input_tokens": tokens, "cached_input_tokens": tokens + 1})


def _too_old(record: dict[str, Any], at_ms: int, choice: random.Random) -> bytes:
    return _dump(record | {"ts": at_ms - choice.randrange(49 * _HOUR_MS, 96 * _HOUR_MS)})


def _future(record: dict[str, Any], at_ms: int, choice: random.Random) -> bytes:
    return _dump(record | {"ts": at_ms + choice.randrange(3 * _HOUR_MS, 20_000 * _HOUR_MS)})


REASONS: Mapping[str, Broken] = {
    "too_large": _too_large,
    "not_utf8": _not_utf8,
    "not_json": _not_json,
    "too_deep": _too_deep,
    "missing": _without,
    "wrong_type": _wrong_type,
    "out_of_range": _out_of_range,
    "bad_timestamp": _bad_timestamp,
    "subset_exceeds_total": _subset,
    "too_old": _too_old,
    "future": _future,
}
"""How to break a record, one a reason. A `future` one is hours ahead, so that it is one in a plain file, too."""


def malform(value: bytes, reason: str, at_ms: int, choice: random.Random) -> bytes:
    """A version of a good record, under an id of its own, that has to be refused for `reason`.

    Args:
        value: the good record.
        reason: a key of REASONS.
        at_ms: when it reaches the log.
        choice: which of several ways to break it.
    """
    record: dict[str, Any] = json.loads(value)
    record["event_id"] = f"{record['event_id']}-x"
    return REASONS[reason](record, at_ms, choice)
