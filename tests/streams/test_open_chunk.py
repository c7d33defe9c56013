"""A chunk that was rolled up ahead is sealed to the same bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.batch import Batch
from streams.block import encode_parts
from streams.partition import SourcePartition
from tests.streams.records import T0, partition, record, totals

STEP = st.tuples(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(-15_000, 2_000), st.sampled_from("abcde"), st.integers(0, 9), st.booleans()),
        max_size=8,
    ),
    st.sampled_from(["nothing", "roll ahead", "look", "keep"]),
)


def prepared(source: SourcePartition, what: str) -> SourcePartition:
    if what == "roll ahead":
        source.roll_ahead()
    elif what == "look":
        source.sealed_so_far()
    elif what == "keep":
        kept = source.snapshot()
        source = partition()
        source.restore(kept)
    return source


@settings(deadline=None, max_examples=150)
@given(st.lists(STEP, max_size=20))
def test_rolling_ahead_changes_no_byte(steps: list[tuple[list[tuple[int, int, str, int, bool]], str]]) -> None:
    plain, ahead, now, offset = partition(), partition(), T0, 0
    for records, what in steps:
        values, arrivals = [], []
        for step, ts, tenant, tokens, failed in records:
            now += step
            arrivals.append(now)
            status = {"status": 503} if failed else {}
            values.append(record(f"e{offset + len(values)}", ts=now + ts, tenant=tenant, input_tokens=tokens, **status))
        batch = Batch(values, range(offset, offset + len(values)), arrivals)
        offset += len(values)
        assert list(map(encode_parts, ahead.feed(batch))) == list(map(encode_parts, plain.feed(batch)))
        ahead = prepared(ahead, what)
        assert encode_parts(ahead.sealed_so_far()) == encode_parts(plain.sealed_so_far())


def test_what_comes_after_is_left_to_the_end() -> None:
    source = partition()
    source.feed(Batch([record("e1", tenant="a"), record("e2", tenant="b")], range(2), [T0] * 2))
    source.roll_ahead()
    source.feed(Batch([record("e3", tenant="a")], [2], [T0]))
    assert len(source._open.cells.recent().cell) == 1
    source.feed(Batch([record("e4", tenant="new")], [3], [T0]))
    assert totals([source.sealed_so_far()])[False, T0 // 10_000, ()]["attempts"] == 4


def test_with_many_leaves_nothing_is_kept_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.open_chunk.AHEAD_LEAVES", 1)
    source = partition()
    source.feed(Batch([record("e1", tenant="a"), record("e2", tenant="b")], range(2), [T0] * 2))
    source.roll_ahead()
    assert len(source._open.cells.recent().cell) == 2


def test_sums_of_money_stop_there_as_well() -> None:
    source = partition()
    for i in range(4):
        values = [record(f"e{i}-{n}", cost_usd=1_000_000) for n in range(3_000)]
        source.feed(Batch(values, range(i * 3_000, (i + 1) * 3_000), [T0] * 3_000))
        source.roll_ahead()
    assert totals([source.end()])[False, T0 // 10_000, ()]["known_nanos"] == 1 << 62


def test_how_far_a_chunk_is() -> None:
    source = partition()
    assert source.course() == 0
    start = T0 // 10_000 * 10_000
    source.feed(Batch([record("e1", ts=start + 12_500)], [0], [start + 12_500]))
    assert source.course() == 0.75
