"""Laws of the join: the largest block of each chunk, integer sums, windows once and in order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.facts import WindowFacts
from streams.merge import REST_MS, Join
from streams.window import Timing
from tests.streams.builders import sealed

ROLLUPS = ((), ("tenant",))


def join(*partitions: int) -> Join:
    return Join(partitions or (0,), rollups=ROLLUPS, timing=Timing())


def attempts(facts: WindowFacts) -> dict[str, int]:
    rows = facts.rollups[("tenant",)]
    return {scope[0][1]: int(n) for scope, n in zip(rows.roster.scopes, rows.column("attempts"), strict=True) if n}


def windows(of: Join) -> list[tuple[int, dict[str, int]]]:
    return [(facts.start_ms // 10_000, attempts(facts)) for facts in of.complete()]


def test_a_window_is_complete_when_every_watermark_has_passed_its_end():
    both = join(0, 1)
    both.add(sealed(0, 5, [(False, 5, "acme", 2)], watermark_ms=60_000))
    assert windows(both) == []
    both.add(sealed(1, 5, [(False, 5, "acme", 3), (False, 5, "bob", 1)], watermark_ms=59_999))
    assert windows(both) == []
    both.add(sealed(1, 6, [], previous_chunk=5, upto=2, watermark_ms=60_000))
    assert windows(both) == [(5, {"acme": 5, "bob": 1})]


def test_an_idle_partition_holds_nobody_up_beyond_its_idle_time_less_the_grace():
    both = join(0, 1)
    both.add(sealed(0, 5, [(False, 5, "acme", 2)], watermark_ms=80_000))
    both.add(sealed(1, None, [], idle_at_ms=74_999))
    assert windows(both) == [(5, {"acme": 2})]
    both.add(sealed(1, None, [], idle_at_ms=75_000))
    assert windows(both) == [(6, {})]


def test_of_two_blocks_of_one_chunk_the_larger_replaces_the_smaller():
    one = join()
    one.add(sealed(0, 5, [(False, 5, "acme", 2)], upto=2))
    one.add(sealed(0, 5, [(False, 5, "acme", 7)], upto=7, watermark_ms=60_000))
    one.add(sealed(0, 5, [(False, 5, "acme", 2)], upto=2))
    assert windows(one) == [(5, {"acme": 7})]


def test_nothing_moves_past_a_hole_and_what_fills_it_sets_all_free():
    one = join()
    one.add(sealed(0, 5, [(False, 5, "acme", 1)], watermark_ms=60_000))
    one.add(sealed(0, 7, [(False, 7, "acme", 3)], previous_chunk=6, upto=3, watermark_ms=80_000))
    assert windows(one) == [(5, {"acme": 1})]
    assert one.holes == (0,)
    one.add(sealed(0, 6, [(False, 6, "acme", 2)], previous_chunk=5, upto=2, watermark_ms=70_000))
    assert windows(one) == [(6, {"acme": 2}), (7, {"acme": 3})]
    assert one.holes == ()


def test_late_facts_are_booked_when_the_window_of_their_chunk_is_judged():
    one = join()
    one.add(sealed(0, 5, [(False, 5, "acme", 1), (True, 3, "acme", 9)], watermark_ms=60_000))
    (facts,) = one.complete()
    booked = {(late.window_start_ms, late.scope): late.sums[0] for late in facts.late}
    assert booked == {(30_000, ()): 9, (30_000, (("tenant", "acme"),)): 9}
    assert attempts(facts) == {"acme": 1}


def test_what_comes_for_a_judged_window_is_booked_and_never_judged():
    both = join(0, 1)
    both.add(sealed(0, 5, [(False, 5, "acme", 2)], watermark_ms=60_000))
    both.add(sealed(1, None, [], idle_at_ms=65_000))
    assert windows(both) == [(5, {"acme": 2})]
    both.add(sealed(1, 5, [(False, 5, "acme", 4)], watermark_ms=70_000))
    both.add(sealed(0, 6, [], previous_chunk=5, upto=2, watermark_ms=70_000))
    (facts,) = both.complete()
    assert attempts(facts) == {}
    assert [late.sums[0] for late in facts.late if late.scope] == [4]


def test_after_an_hour_without_a_record_empty_windows_are_passed_over():
    one = join()
    later = 5 + 10 * REST_MS // 10_000
    one.add(sealed(0, 5, [(False, 5, "acme", 1)], watermark_ms=60_000))
    one.add(sealed(0, later, [(False, later, "acme", 2)], previous_chunk=5, upto=2, watermark_ms=(later + 1) * 10_000))
    judged = windows(one)
    assert judged[-1] == (later, {"acme": 2})
    assert len(judged) == REST_MS // 10_000 + 2


def test_the_end_of_input_closes_all_windows():
    one = join()
    one.add(sealed(0, 5, [(False, 5, "acme", 1), (False, 8, "acme", 2)], watermark_ms=55_000))
    assert [(f.start_ms // 10_000, attempts(f)) for f in one.close()] == [(5, {"acme": 1}), (6, {}), (7, {}), (8, {"acme": 2})]


def test_the_end_of_input_books_what_came_late_after_the_last_window_with_facts():
    one = join()
    one.add(sealed(0, 5, [(False, 5, "acme", 1)], watermark_ms=90_000))
    assert windows(one) == [(5, {"acme": 1}), (6, {}), (7, {}), (8, {})]
    one.add(sealed(0, 9, [(True, 5, "acme", 4)], previous_chunk=5, upto=2, watermark_ms=95_000))
    (facts,) = one.close()
    assert facts.start_ms == 90_000
    assert {late.scope: late.sums[0] for late in facts.late} == {(): 4, (("tenant", "acme"),): 4}


def test_what_comes_late_after_a_long_rest_is_booked_as_well():
    one = join()
    later = 5 + 2 * REST_MS // 10_000
    one.add(sealed(0, 5, [(False, 5, "acme", 1)], watermark_ms=later * 10_000))
    list(one.complete())
    one.add(sealed(0, later, [(True, 5, "acme", 4)], previous_chunk=5, upto=2, watermark_ms=later * 10_000 + 1))
    (facts,) = one.close()
    assert [late.sums[0] for late in facts.late if late.scope] == [4]


def test_the_end_of_input_books_what_came_for_windows_that_were_judged():
    both = join(0, 1)
    both.add(sealed(0, 5, [(False, 5, "acme", 2)], watermark_ms=60_000))
    both.add(sealed(1, None, [], idle_at_ms=65_000))
    assert windows(both) == [(5, {"acme": 2})]
    both.add(sealed(1, 5, [(False, 5, "acme", 4)], watermark_ms=55_000))
    (facts,) = both.close()
    assert {late.scope: late.sums[0] for late in facts.late} == {(): 4, (("tenant", "acme"),): 4}
    assert attempts(facts) == {}


def test_past_the_limit_scopes_share_an_exact_other():
    small = Join((0,), rollups=ROLLUPS, timing=Timing(), scope_limit=2)
    rows = [(False, 5, name, 1 + i) for i, name in enumerate("abcd")]
    small.add(sealed(0, 5, rows, watermark_ms=60_000))
    assert windows(small) == [(5, {"a": 1, "b": 2, "other": 7})]


LOG = [
    sealed(p, chunk, [(False, chunk, t, 1 + p), (chunk == 7, chunk - (chunk == 7) * 3, "late", 1)],
           previous_chunk=chunk - 1 if chunk > 5 else None, upto=chunk, watermark_ms=(chunk + 1) * 10_000, partitions=2)
    for p, t in ((0, "acme"), (1, "bob")) for chunk in range(5, 12)
]  # fmt: skip


def everything(blocks: list[int]) -> list[tuple[int, dict[str, int], list[int]]]:
    both = join(0, 1)
    judged = []
    for i in blocks:
        both.add(LOG[i])
        judged += [(f.start_ms, attempts(f), sorted(late.sums[0] for late in f.late)) for f in both.complete()]
    return judged + [(f.start_ms, attempts(f), sorted(late.sums[0] for late in f.late)) for f in both.close()]


@given(st.randoms(use_true_random=False), st.lists(st.integers(0, len(LOG) - 1), max_size=30))
def test_interleaving_and_repeats_change_nothing(rng, repeats: list[int]):
    merged = list(range(7)), list(range(7, 14))
    order = [0] * 7 + [1] * 7
    rng.shuffle(order)
    turns = [iter(merged[0]), iter(merged[1])]
    blocks = [next(turns[p]) for p in order]
    for each in repeats:
        blocks.insert(blocks.index(each) + 1 + rng.randrange(len(blocks) - blocks.index(each)), each)
    assert everything(blocks) == everything(list(range(14)))


@pytest.mark.parametrize("cut", range(len(LOG) + 1))
def test_a_restored_join_goes_on_as_if_nothing_had_happened(cut: int):
    first, whole = join(0, 1), join(0, 1)
    turns = list(itertools.chain.from_iterable(zip(LOG[:7], LOG[7:], strict=True)))
    for each in turns[:cut]:
        first.add(each)
        whole.add(each)
    assert windows(first) == windows(whole)
    second = join(0, 1)
    second.restore(first.snapshot())
    for each in turns[cut:]:
        second.add(each)
        whole.add(each)
    assert windows(second) == windows(whole)
    assert [attempts(f) for f in second.close()] == [attempts(f) for f in whole.close()]
