import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.columns import columns_of
from streams.decode import Reason, RefusedError, cost_nanos, decode, parse_batch
from streams.usage import TEXTS, Usage, result_of, ts_ms
from tests.streams.records import T0, record


def reason_of(raw: bytes | None) -> Reason | None:
    try:
        decode(raw)
    except RefusedError as refused:
        return refused.reason
    return None


def with_literal(name: str, literal: str) -> bytes:
    return record()[:-1] + f',"{name}":{literal}}}'.encode()


REFUSED = {
    "64 KiB and 1": (record(padding="x" * 65_536), "too_large"),
    "depth 100000": (with_literal("x", "[" * 100_000), "too_large"),
    "bad octet in an unknown field": (record()[:-1] + b',"x":"\xff"}', "not_utf8"),
    "bad octet in a known field": (record()[:-1] + b',"tenant":"\xff"}', "not_utf8"),
    "surrogate in octets": (record()[:-1] + b',"tenant":"\xed\xa0\x80"}', "not_utf8"),
    "surrogate as escape": (record()[:-1] + b',"tenant":"\\ud800"}', "not_json"),
    "byte-order mark": (b"\xef\xbb\xbf" + record(), "not_json"),
    "nothing": (b"", "not_json"),
    "tombstone": (None, "not_json"),
    "cut short": (record()[:-1], "not_json"),
    "cut short after a wrong type": (b'{"event_id":5,"ts":', "not_json"),
    "open array": (b"[", "not_json"),
    "two objects": (b"{}{}", "not_json"),
    "trailing": (record() + b"x", "not_json"),
    "NaN": (with_literal("latency_ms", "NaN"), "not_json"),
    "Infinity": (with_literal("latency_ms", "-Infinity"), "not_json"),
    "deep unknown field": (with_literal("x", "[" * 65 + "]" * 65), "too_deep"),
    "very deep": (with_literal("x", "[" * 30_000 + "]" * 30_000), "too_deep"),
    "very deep and open": (with_literal("x", '{"x":' * 9_000), "too_deep"),
    "no event_id": (b'{"ts":1790000000000,"model":"m","input_tokens":1,"output_tokens":1}', "missing"),
    "null model": (record(model=None), "missing"),
    "null ts": (record(ts=None), "missing"),
    "array": (b"[]", "wrong_type"),
    "number": (b"17", "wrong_type"),
    "null": (b"null", "wrong_type"),
    "tokens as text": (record(input_tokens="12"), "wrong_type"),
    "tokens as true": (record(input_tokens=True), "wrong_type"),
    "tokens as float": (record(input_tokens=1.0), "wrong_type"),
    "tenant as number": (record(tenant=7), "wrong_type"),
    "cache_hit as number": (record(cache_hit=1), "wrong_type"),
    "latency as text": (record(latency_ms="1"), "wrong_type"),
    "cost as word": (record(cost_usd="cheap"), "wrong_type"),
    "cost as true": (record(cost_usd=True), "wrong_type"),
    "ts as true": (record(ts=True), "wrong_type"),
    "ts as array": (record(ts=[]), "wrong_type"),
    "negative tokens": (record(input_tokens=-1), "out_of_range"),
    "2^63 tokens": (record(input_tokens=2**63), "out_of_range"),
    "2^70 tokens": (record(input_tokens=2**70), "out_of_range"),
    "5000 digits": (with_literal("output_tokens", "9" * 5000), "out_of_range"),
    "2^70 as status": (record(status=2**70), "out_of_range"),
    "latency 1e999": (with_literal("latency_ms", "1e999"), "out_of_range"),
    "negative latency": (record(latency_ms=-1), "out_of_range"),
    "quality above 1": (record(quality=1.5), "out_of_range"),
    "attempt 0": (record(attempt=0), "out_of_range"),
    "attempt 1001": (record(attempt=1001), "out_of_range"),
    "empty event_id": (record(""), "out_of_range"),
    "long event_id": (record("x" * 129), "out_of_range"),
    "257 octets": (record(tenant="x" * 257), "out_of_range"),
    "129 characters of two octets": (record(tenant="é" * 129), "out_of_range"),
    "result": (record(result="got `null` - at `$.ts`"), "out_of_range"),
    "cohort": (record(cohort="blue"), "out_of_range"),
    "NUL": (record(tenant="a\0"), "out_of_range"),
    "newline": (record(model="a\nb"), "out_of_range"),
    "DEL": (record(tenant="a\x7f"), "out_of_range"),
    "C1": (record(tenant="a\x85b"), "out_of_range"),
    "right-to-left override": (record(tenant="a\u202eb"), "out_of_range"),
    "isolate as escape": (record()[:-1] + b',"team":"\\u2066"}', "out_of_range"),
    "cost NaN": (record(cost_usd="NaN"), "out_of_range"),
    "cost sNaN": (record(cost_usd="sNaN"), "out_of_range"),
    "cost infinite": (record(cost_usd="Infinity"), "out_of_range"),
    "negative cost": (record(cost_usd=-0.5), "out_of_range"),
    "cost above a million": (record(cost_usd="1000000.000000001"), "out_of_range"),
    "cost 1e50000": (with_literal("cost_usd", "1e50000"), "out_of_range"),
    "no offset": (record(ts="2026-11-01T00:00:00"), "bad_timestamp"),
    "seconds": (record(ts=T0 // 1000), "bad_timestamp"),
    "microseconds": (record(ts=T0 * 1000), "bad_timestamp"),
    "seconds as float": (record(ts=1_790_000_000.5), "bad_timestamp"),
    "zero": (record(ts=0), "bad_timestamp"),
    "negative": (record(ts=-T0), "bad_timestamp"),
    "2^70 ms": (record(ts=2**70), "bad_timestamp"),
    "year 2262": (record(ts="2262-01-01T00:00:00Z"), "bad_timestamp"),
    "month 13": (record(ts="2026-13-01T00:00:00Z"), "bad_timestamp"),
    "words": (record(ts="yesterday"), "bad_timestamp"),
    "digits in text": (record(ts=str(T0)), "bad_timestamp"),
    "cached above input": (record(cached_input_tokens=60, cache_write_tokens=41), "subset_exceeds_total"),
    "reasoning above output": (record(reasoning_tokens=11), "subset_exceeds_total"),
}

ACCEPTED = {
    "least": record(),
    "64 KiB": record(padding="x" * (65_536 - len(record(padding="")))),
    "unknown fields": record(x={"deep": [1, {"y": None}]}, y="\t"),
    "many brackets in a text": record(x="[" * 1000 + '"' + "{" * 1000),
    "many shallow arrays": record(x=[[]] * 1000),
    "depth 64": with_literal("x", "[" * 63 + "]" * 63),
    "null tokens": record(input_tokens=None, output_tokens=None, cached_input_tokens=5),
    "all parts": record(cached_input_tokens=60, cache_write_tokens=40, reasoning_tokens=10),
    "nulls": record(tenant=None, attempt=None, cohort=None, latency_ms=None, cost_usd=None, result=None),
    "empty texts": record(tenant="", cohort=""),
    "billion tokens": record(input_tokens=10**9, output_tokens=10**9),
    "128 characters": record("é" * 128),
    "256 octets": record(tenant="é" * 128),
    "marks and emoji": record(tenant="__proto__ 'x' <b> 🙂 日本"),
    "million": record(cost_usd=1_000_000),
    "tiny": with_literal("cost_usd", "1E-999999"),
}


@pytest.mark.parametrize(("raw", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_record_that_is_no_usage_is_refused_with_its_reason(raw: bytes | None, reason: str) -> None:
    assert reason_of(raw) == reason


@pytest.mark.parametrize("raw", ACCEPTED.values(), ids=ACCEPTED)
def test_a_record_that_keeps_the_contract_is_accepted(raw: bytes) -> None:
    assert reason_of(raw) is None


@given(st.lists(st.sampled_from([*(raw for raw, _ in REFUSED.values()), *ACCEPTED.values()]), max_size=12))
def test_a_batch_is_decoded_as_its_records_are_one_by_one(values: list[bytes | None]) -> None:
    columns, refused = columns_of(values)
    reasons = [reason_of(raw) for raw in values]
    assert refused == [(i, reason) for i, reason in enumerate(reasons) if reason is not None]
    assert columns.position.tolist() == [i for i, reason in enumerate(reasons) if reason is None]
    assert [event_id.decode() for event_id in columns.event_ids] == [
        json.loads(values[i] or b"")["event_id"] for i in columns.position.tolist()
    ]


@given(st.binary(max_size=300))
def test_no_octets_break_the_decoder(raw: bytes) -> None:
    assert isinstance(reason_of(raw), Reason)


SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(SIMPLE, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(st.sampled_from(sorted(Usage.__struct_fields__)), JSON)
def test_no_value_of_any_field_breaks_the_decoder(name: str, value: object) -> None:
    raw = record(**{name: value})
    columns, refused = columns_of([raw, record("other")])
    assert len(columns) + len(refused) == 2
    assert [r.reason for r in refused] == [reason for reason in [reason_of(raw)] if reason is not None]


def test_every_field_with_free_characters_is_checked() -> None:
    assert all(reason_of(record(**{name: "a\u202eb"})) is Reason.OUT_OF_RANGE for name in TEXTS)


def test_texts_are_brought_to_nfc_only_where_they_are_not_ascii() -> None:
    usage = decode(record(tenant="Cafe\u0301", team="Cafe"))
    assert (usage.tenant, usage.team) == ("Caf\u00e9", "Cafe")


def test_depth_does_not_depend_on_the_stack_of_the_caller() -> None:
    raw = with_literal("x", "[" * 63 + "]" * 63)

    def deeper(levels: int) -> Reason | None:
        return reason_of(raw) if levels == 0 else deeper(levels - 1)

    assert deeper(300) is None


@pytest.mark.parametrize("text", ["2026-09-21T14:13:20Z", "2026-09-21T16:13:20+02:00", "2026-09-21t14:13:20.000999z"])
def test_times_as_text_are_whole_milliseconds_rounded_down(text: str) -> None:
    assert ts_ms(decode(record(ts=text))) == T0
    assert columns_of([record(ts=text), record("e2")])[0].ts_ms.tolist() == [T0, T0]


@pytest.mark.parametrize(
    ("status", "result"),
    [(None, "ok"), (0, "ok"), (200, "ok"), (399, "ok"), (400, "error"), (408, "timeout"), (504, "timeout"), (429, "throttled"),
     (499, "cancelled"), (500, "error"), (503, "error")],
)  # fmt: skip
def test_the_result_follows_from_the_status_where_it_is_not_given(status: int | None, result: str) -> None:
    assert result_of(None, status) == result
    assert result_of("cancelled", status) == "cancelled"


@pytest.mark.parametrize(
    ("cost", "nanos"),
    [("0", 0), ("1", 10**9), ("0.0000000005", 0), ("0.0000000015", 2), ("0.00000000050000000001", 1), ("1000000", 10**15),
     ("1E-999999", 0), ("0E+500", 0), ("0.1234567895", 123456790), ("1E+3", 10**12)],
)  # fmt: skip
def test_billed_cost_is_rounded_half_even_once(cost: str, nanos: int) -> None:
    assert cost_nanos(Decimal(cost)) == nanos


def test_a_billed_cost_is_never_taken_for_a_float() -> None:
    usage = decode(with_literal("cost_usd", "0.0000000024999999999999999999999"))
    assert usage.cost_usd is not None
    assert cost_nanos(usage.cost_usd) == 2


@pytest.mark.parametrize("literal", ["1e50000", "1E-999999", '"' + "9" * 60_000 + '"', "0." + "1" * 60_000])
def test_no_billed_cost_takes_long(literal: str) -> None:
    begin = time.perf_counter()
    columns_of([with_literal("cost_usd", literal)])
    assert time.perf_counter() - begin < 0.05


def test_a_batch_in_which_nothing_is_odd_is_parsed_whole() -> None:
    assert parse_batch([record(), record("e2")]).positions == [0, 1]
