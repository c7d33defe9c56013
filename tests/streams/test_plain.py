import json
import random
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams import plain
from streams.block import encode_parts
from streams.columns import Columns, columns_of
from streams.decode import decode
from streams.leaves import Fates, Leaves
from streams.measure import told_apart
from streams.plain import scanner
from streams.tally import Tally
from streams.usage import STRINGS, Usage
from tests.streams.records import BOOK, T0, fed, partition, record
from tests.streams.test_decode import ACCEPTED, REFUSED, with_literal
from tests.streams.test_partition import logs

DIMENSIONS = (("tenant", "team"), ("service", "cohort"), ("region",))
MOST = "123456789012345"
GOLDEN = Path(__file__).parents[1] / "golden" / "smoke.jsonl"


def knowing(*values: bytes) -> Leaves:
    """Leaves that are known from these records."""
    leaves = Leaves(DIMENSIONS, BOOK, Tally())
    leaves.numbers([decode(raw) for raw in values])
    return leaves


def left(raw: bytes, *known: bytes) -> bool:
    """Whether the scanner leaves a record to others; its leaf is that of the records that are known."""
    return both_ways([raw], knowing(*(known or (record(),)))) == 1


def both_ways(values: list[bytes | None], leaves: Leaves) -> int:
    """How many records the scanner leaves to others, which changes nothing of what is said about them."""
    scans = scanner(leaves)
    assert scans is not None, "streams/scan.pyx is not compiled: make dev"
    columns, refused = columns_of(values, scans)
    others, others_refused = columns_of(values)
    assert refused == others_refused
    assert columns.event_ids == others.event_ids
    for each in fields(Columns):
        if each.name not in ("event_ids", "parsed", "leaf", "fate"):
            np.testing.assert_array_equal(getattr(columns, each.name), getattr(others, each.name), each.name)
    alone = Leaves(DIMENSIONS, BOOK, Tally())
    alone.admit(list(leaves.number))
    for mine, its in zip(told_apart(columns, leaves, Fates()), told_apart(others, alone, Fates()), strict=True):
        assert mine.tolist() == its.tolist()
    return int((columns.fate < 0).sum()) + len(refused)


@given(
    st.lists(st.sampled_from([*(raw for raw, _ in REFUSED.values()), *ACCEPTED.values(), record("e7", tenant="a")]), max_size=12)
)
def test_of_odd_records_the_scanner_says_what_the_decoder_says(values: list[bytes | None]) -> None:
    both_ways(values, knowing(record(), record(tenant="a")))


SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
SPELT = st.from_regex(r'\A"?-?(0|[1-9][0-9]{0,19}|0[0-9])(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,3})?"?\Z')
WORDS = st.sampled_from(
    ["0", "1", "1000", "1001", "1000000000", "1000000001", "null", "nul", "nullx", "true", "True", "false", '""', '"ok"', '"error"',
     '"timeout"', '"canary"', '"batch"', '"x"', '"' + "x" * 128 + '"', '"' + "x" * 129 + '"', '"' + "x" * 256 + '"',
     '"' + "x" * 257 + '"', '"\\u0041"', '"é"', '"\x7f"', '"\x00"', "[]", "{}", '{"ts":1}', MOST, MOST + "6", "0." + MOST[1:],
     "0." + MOST, "1.", ".5", "00", "0.0", "-0", "+1", "1000000", "1000000.0", "1000000.1", '"0.5"', '"05"', '"1_0"', '" 1"',
     "978307199999", "978307200000", "4102444799999", "4102444800000", "999999999999999999", "9223372036854775808",
     '"2026-09-21T14:13:20Z"', ""]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted([*Usage.__struct_fields__, "unknown"])), SIMPLE.map(json.dumps) | SPELT | WORDS)
@example("cost_usd", "0.0000000005")
@example("cost_usd", "0.0000000015")
@example("cost_usd", "0.00000000250001")
@example("latency_ms", "0.1234567890123")
def test_of_any_spelling_of_any_field_the_scanner_says_what_the_decoder_says(name: str, literal: str) -> None:
    known = {"event_id": '"e"', "ts": str(T0), "model": '"small"', "input_tokens": "100", "output_tokens": "10"}
    spelt = {**known, name: literal}
    raw = ("{" + ",".join(f'"{key}":{value}' for key, value in spelt.items()) + "}").encode()
    both_ways([raw, record("other")], knowing(record()))


SEED = record("e-1", tenant="acme", team="x", status=503, attempt=2, latency_ms=12.5, cost_usd="0.25", cached_input_tokens=7)


@settings(max_examples=600, deadline=None)
@given(st.randoms(use_true_random=False))
def test_of_records_with_damage_the_scanner_says_what_the_decoder_says(chance: random.Random) -> None:
    both_ways([damaged(SEED, chance) for _ in range(8)], knowing(SEED))


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """A record with something left out, doubled, moved or overwritten."""
    for _ in range(chance.randint(1, 3)):
        at, size = chance.randrange(len(raw)), chance.choice([1, 1, 1, 2, 5, 30])
        piece = chance.choice(
            [
                b"",
                raw[at : at + size] * 2,
                bytes([chance.randrange(256)]),
                chance.choice([*b'{}[]",:.\\ \n0e-nt']).to_bytes(1, "big"),
                SEED,
            ]
        )
        raw = raw[:at] + piece + raw[at + size :]
    return raw


@settings(deadline=None, max_examples=60)
@given(logs(), st.sets(st.integers(1, 20), max_size=6))
def test_with_and_without_the_scanner_a_log_gives_the_same_blocks(log: list[tuple[bytes, int]], cuts: set[int]) -> None:
    def blocks() -> tuple[list[bytes], dict[str, Any]]:
        source = partition()
        sealed = [*fed(source, log[:1]), *fed(source, log, cuts)]
        return [part for each in (*sealed, source.end()) for part in encode_parts(each)], source.tally.summary()

    compiled = blocks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "scan", None)
        assert blocks() == compiled


def test_what_a_simulated_gateway_sends_is_plain_unless_it_is_refused() -> None:
    values = GOLDEN.read_bytes().splitlines()
    columns, refused = columns_of(values)
    assert len(columns) == 200
    assert both_ways(values, knowing(*(values[position] for position in columns.position.tolist()))) == len(refused)


@pytest.mark.parametrize("name", ["ok", "nulls", "spaces", "every field", "unknown fields", "cost"])
def test_what_is_plain_is_not_left_to_others(name: str) -> None:
    raw = {
        "ok": record(),
        "nulls": record(**dict.fromkeys([*STRINGS, "latency_ms", "cost_usd", "result", "attempt", "cohort", "cache_hit"])),
        "spaces": record().replace(b",", b"\r\n\t , ").replace(b":", b" : ") + b" \n",
        "every field": record(**EVERY),
        "unknown fields": record(x="y", y=1.5, z=None, a=True, b=False),
        "cost": with_literal("cost_usd", "0.123456789012"),
    }[name]
    assert not left(raw, record(**EVERY), record())


EVERY: dict[str, Any] = {
    **dict.fromkeys(STRINGS, "text"),
    "operation_id": "op", "error_class": "overloaded", "attempt": 1000, "input_tokens": 10**9, "output_tokens": 10**9,
    "cached_input_tokens": 5 * 10**8, "cache_write_tokens": 5 * 10**8, "reasoning_tokens": 10**9, "latency_ms": 0.5, "ttft_ms": 17,
    "status": 999, "result": "throttled", "cost_usd": "1000000", "cohort": "canary", "job": "batch", "gpu_seconds": 1.25,
    "cache_hit": True, "quality": 1.0, "max_tokens": 4096,
}  # fmt: skip


def test_columns_of_another_length_are_an_error() -> None:
    columns, _ = columns_of([record()])
    scans = scanner(knowing(record()))
    assert scans is not None
    with pytest.raises(ValueError, match="another length"):
        scans.scan([record(), record()], columns)
