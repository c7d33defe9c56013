import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.batch import Batch
from streams.block import encode_parts
from streams.decode import Reason
from streams.partition import DeadLetter
from streams.window import Timing
from tests.streams.records import ROLLUPS, T0, fed, partition, record, recount, totals

SHORT = Timing(dedupe_ms=60_000, correction_ms=10**9)


@st.composite
def logs(draw: st.DrawFn) -> list[tuple[bytes, int]]:
    """Valid records in disorder, late ones and repeats among them, with their arrivals."""
    log: list[tuple[bytes, int]] = []
    now = T0
    for number in range(draw(st.integers(1, 25))):
        now += draw(st.sampled_from([0, 1, 700, 4_999, 5_000, 5_001, 10_000, 47_000]))
        at_ms = now - draw(st.sampled_from([0, 0, 1, 3_000, 14_999, 15_000, 90_000])) + draw(st.sampled_from([0, 0, 900, 59_000]))
        event = draw(st.sampled_from([f"e{number}", f"e{number}", "twice", "again"]))
        log.append((drawn_record(draw, event, at_ms), now))
    return log


def drawn_record(draw: st.DrawFn, event_id: str, ts: int) -> bytes:
    """A valid record, mostly of few kinds."""
    tokens = draw(st.sampled_from([0, 7, 1000, 10**9, None]))
    return record(
        event_id,
        ts=ts,
        input_tokens=tokens,
        output_tokens=draw(st.sampled_from([0, 3, None])),
        cached_input_tokens=draw(st.sampled_from([0, (tokens or 0) // 3])),
        model=draw(st.sampled_from(["small", "gratis", "nobody", "gpt-4o"])),
        tenant=draw(st.sampled_from(["a", "b", "", None])),
        env=draw(st.sampled_from(["prod", ""])),
        team=draw(st.sampled_from(["x", "y"])),
        attempt=draw(st.sampled_from([None, 1, 2])),
        status=draw(st.sampled_from([None, 200, 429, 503, 500, 404, 499])),
        latency_ms=draw(st.sampled_from([None, 0, 12.5, 1e12])),
        cost_usd=draw(st.sampled_from([None, None, "0.25", 1e-9, "1000000"])),
    )


def everything(blocks: list[Any]) -> list[bytes]:
    return [part for block in blocks for part in encode_parts(block)]


@settings(deadline=None, max_examples=40)
@given(logs(), st.sampled_from(ROLLUPS))
def test_blocks_together_hold_what_counting_one_by_one_gives(log: list[tuple[bytes, int]], rollup: tuple[str, ...]) -> None:
    source = partition(timing=SHORT)
    blocks = [*fed(source, log, cuts=range(0, 40, 7)), source.end()]
    assert totals(blocks, rollup) == recount(log, rollup, SHORT)


@settings(deadline=None, max_examples=40)
@given(logs(), st.sets(st.integers(1, 40)))
def test_cutting_the_log_into_other_batches_changes_no_byte(log: list[tuple[bytes, int]], cuts: set[int]) -> None:
    whole, cut = partition(timing=SHORT), partition(timing=SHORT)
    assert everything(fed(whole, log)) == everything(fed(cut, log, cuts))
    assert everything([whole.end()]) == everything([cut.end()])
    assert whole.tally == cut.tally


@settings(deadline=None, max_examples=40)
@given(logs(), st.integers(0, 40), st.integers(0, 40))
def test_going_on_from_any_snapshot_gives_the_same_blocks(log: list[tuple[bytes, int]], at: int, more: int) -> None:
    steady, stopped, resumed = (partition(timing=SHORT) for _ in range(3))
    expected = [*fed(steady, log), steady.end()]
    early = fed(stopped, log[:at])
    resumed.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(stopped.snapshot(), enc_hook=lambda a: a.tolist())))
    fed(stopped, log[at : at + more])
    rest = log[at:]
    later = resumed.feed(Batch([raw for raw, _ in rest], range(at, len(log)), [arrival for _, arrival in rest]))
    assert everything([*early, *later, resumed.end()]) == everything(expected)
    assert resumed.tally == steady.tally


@settings(deadline=None, max_examples=40)
@given(logs())
def test_blocks_of_a_chunk_are_nested_and_a_look_at_them_changes_nothing(log: list[tuple[bytes, int]]) -> None:
    watched, alone = partition(timing=SHORT), partition(timing=SHORT)
    seen, looks = [], []
    for i in range(len(log)):
        seen += watched.feed(Batch([log[i][0]], [i], [log[i][1]]))
        looks.append(watched.sealed_so_far(idle_at_ms=log[i][1]))
    assert everything(seen) == everything(fed(alone, log))
    for look in looks:
        final = next((block for block in seen if block.marker.chunk == look.marker.chunk), looks[-1])
        assert look.marker.upto <= final.marker.upto
        assert all(totals([look])[key]["attempts"] <= totals([final])[key]["attempts"] for key in totals([look]))


@settings(deadline=None, max_examples=40)
@given(logs())
def test_chunks_follow_each_other_as_the_watermark_moves(log: list[tuple[bytes, int]]) -> None:
    source = partition(timing=SHORT)
    blocks = [*fed(source, log), source.end()]
    chunks = [block.marker.chunk for block in blocks]
    assert [block.marker.previous_chunk for block in blocks] == [None, *chunks[:-1]]
    for block, following in zip(blocks[:-1], chunks[1:], strict=True):
        assert following is not None
        assert block.marker.watermark_ms == following * 10_000
        clock = max(min(json.loads(raw)["ts"], arrival) for raw, arrival in log[: block.marker.upto])
        assert block.marker.chunk == (clock - 5_000) // 10_000
    assert blocks[-1].marker.watermark_ms == source.watermark_ms


def test_repeats_of_the_log_within_the_horizon_change_nothing() -> None:
    log = [(record(f"e{i}", ts=T0 + i * 100), T0 + i * 100) for i in range(200)]
    once, often = partition(), partition()
    fed(once, log)
    fed(often, [entry for entry in log for _ in range(3)])
    assert often.tally.duplicates == 400
    assert totals([once.end()]) == totals([often.end()])


def test_another_payload_under_a_known_id_is_a_conflict_and_the_first_wins() -> None:
    source = partition()
    fed(source, [(record(input_tokens=5), T0), (record(input_tokens=7), T0), (record(input_tokens=5), T0)])
    assert (source.tally.duplicates, source.tally.conflicts, source.tally.input_tokens) == (2, 1, 5)


def test_a_duplicate_moves_the_clock_and_a_refused_record_does_not() -> None:
    source = partition()
    fed(source, [(record(), T0), (record(ts=T0 + 9_000), T0 + 9_000), (record("e2", ts=T0 + 99_000, attempt=0), T0 + 99_000)])
    assert source.clock_ms == T0 + 9_000


@pytest.mark.parametrize(("ahead_ms", "reason"), [(60_000, None), (60_001, "future"), (86_400_000, "future")])
def test_a_record_may_lie_a_minute_after_its_arrival(ahead_ms: int, reason: str | None) -> None:
    source = partition()
    fed(source, [(record("e0"), T0), (record(ts=T0 + ahead_ms), T0)])
    assert [letter.reason for letter in source.take_dead_letters()] == ([Reason(reason)] if reason else [])
    assert source.clock_ms == T0


@pytest.mark.parametrize(("behind_ms", "refused"), [(172_800_000, 0), (172_800_001, 1)])
def test_what_is_more_than_48_hours_behind_the_clock_is_too_old(behind_ms: int, refused: int) -> None:
    source = partition()
    fed(source, [(record("e0"), T0), (record(ts=T0 - behind_ms), T0)])
    assert source.tally.dead_letters.get("too_old", 0) == refused
    assert source.tally.late_records == 1 - refused


@pytest.mark.parametrize(("at_ms", "late"), [(T0 - 1, True), (T0, False)])
def test_windows_are_half_open_and_late_is_decided_by_the_watermark_before(at_ms: int, late: bool) -> None:
    source = partition()
    fed(source, [(record("e0", ts=T0 + 5_000), T0 + 5_000), (record(ts=at_ms), T0 + 30_000)])
    assert [key[0] for key in totals([source.end()]) if key[1] == at_ms // 10_000] == [late]


def test_an_arrival_before_the_time_holds_the_clock_back() -> None:
    source = partition()
    fed(source, [(record(ts=T0 + 30_000), T0)])
    assert (source.clock_ms, source.watermark_ms) == (T0, T0 - 5_000)


def test_a_dead_letter_has_the_body_or_its_hash() -> None:
    raw = b"x" * 70_000
    full, hashed = partition(), partition(dead_letter_body="hash")
    for source in (full, hashed):
        source.feed(Batch([raw, None], [7, 9], [T0, T0]))
    sha256 = hashlib.sha256(raw).hexdigest()
    assert full.take_dead_letters()[0] == DeadLetter(7, Reason.TOO_LARGE, raw[:65_536], sha256)
    assert [(d.reason, d.body) for d in hashed.take_dead_letters()] == [("too_large", b""), ("not_json", b"")]
    assert full.take_dead_letters() == []


def test_before_the_first_record_there_is_no_chunk_and_no_watermark() -> None:
    marker = partition(partitions=4).sealed_so_far().marker
    assert (marker.chunk, marker.watermark_ms, marker.upto, marker.partitions) == (None, None, 0, 4)


def test_forgetting_leaves_changes_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    log = [(record(f"e{i}", ts=T0 + i * 900, tenant=f"t{i % 60}"), T0 + i * 900) for i in range(300)]
    keeping, forgetting = partition(), partition()
    expected = everything([*fed(keeping, log, range(0, 300, 16)), keeping.end()])
    monkeypatch.setattr("streams.open_chunk.KEPT_LEAVES", 5)
    assert everything([*fed(forgetting, log, range(0, 300, 16)), forgetting.end()]) == expected
    assert len(forgetting._leaves) < 60


def test_sums_of_money_stop_before_they_turn_into_debts() -> None:
    source = partition()
    fed(source, [(record(f"e{i}", cost_usd=1_000_000), T0) for i in range(12_000)], range(0, 12_000, 3_000))
    assert totals([source.end()])[False, T0 // 10_000, ()]["known_nanos"] == 1 << 62
    assert source.tally.known_nanos == 12_000 * 10**15


def plain(log: list[bytes], *batch_sizes: int) -> tuple[Any, list[Any]]:
    source = partition(has_arrival=False)
    blocks, at = [], 0
    for size in (*batch_sizes, len(log)):
        batch = log[at : at + size]
        blocks += source.feed(Batch(batch, range(at, at + len(batch))))
        at += len(batch)
    return source, [*blocks, *source.settle(), source.end()]


HOUR = 3_600_000


@pytest.mark.parametrize(
    ("hours", "admitted", "reasons"),
    [
        ([0, 0, 0], 3, []),
        ([0], 1, []),
        ([0, 0.5], 2, []),
        ([0, 30], 1, ["future"]),
        ([0, 0.1, 30, 0.2], 3, ["future"]),
        ([0, 0.1, 30, 30.1, 0.2], 3, ["future"] * 2),
        ([0, 0.1, 30, 30.1, 30.2], 5, []),
        ([0, 0.1, 90, 30, 30.1, 30.2], 5, ["future"]),
        ([0, 0.1, 0.2, 30, 30.1], 3, ["future"] * 2),
        ([90, 0, 0.1, 0.2], 3, ["future"]),
        ([0, 90, 0.1, 0.2], 3, ["future"]),
        ([0, 100, 100.1, 100.2], 3, ["too_old"]),
        ([0, 30, 30.1, 30.2], 4, []),
    ],
)
def test_without_arrivals_a_jump_is_believed_when_three_agree(hours: list[float], admitted: int, reasons: list[str]) -> None:
    log = [record(f"e{i}", ts=T0 + int(hour * HOUR)) for i, hour in enumerate(hours)]
    source, _ = plain(log)
    assert source.tally.usage_records == admitted
    assert [letter.reason for letter in source.take_dead_letters()] == reasons


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([0, 0, 0.1, 0.3, 1.2, 30, 30.2, 31.5, 90]), max_size=14), st.lists(st.integers(1, 4), max_size=6))
def test_batches_and_snapshots_change_nothing_that_is_held(hours: list[float], sizes: list[int]) -> None:
    log = [record(f"e{i}", ts=T0 + i * 1000 + int(hour * HOUR)) for i, hour in enumerate(hours)]
    whole, blocks = plain(log)
    cut, cut_blocks = plain(log, *sizes)
    assert everything(blocks) == everything(cut_blocks)
    assert whole.tally == cut.tally
    assert sorted(whole.take_dead_letters(), key=lambda d: d.offset) == sorted(cut.take_dead_letters(), key=lambda d: d.offset)


def test_what_is_held_is_in_the_snapshot() -> None:
    log = [record(f"e{i}", ts=T0 + (i > 2) * 30 * HOUR + i) for i in range(6)]
    steady, expected = plain(log)
    source, resumed = partition(has_arrival=False), partition(has_arrival=False)
    blocks = source.feed(Batch(log[:5], range(5)))
    resumed.restore(source.snapshot())
    blocks += resumed.feed(Batch(log[5:], [5]))
    assert everything([*blocks, *resumed.settle(), resumed.end()]) == everything(expected)
    assert resumed.tally == steady.tally
