"""What was lost unread: the windows that may miss it say so, and those after it do not."""

import pytest

from streams.log.wire import Assembly, loss_mark_of, record_of_loss
from streams.loss import Loss, LossMark, loss_of
from streams.merge import Join
from streams.window import Timing
from tests.streams.builders import sealed

ROLLUPS = ((), ("tenant",))
MARK = LossMark(partition=1, partitions=2, first=100, last=199, since_ms=61_000, until_ms=75_000)


def join(*partitions):
    return Join(partitions or (0,), rollups=ROLLUPS, timing=Timing())


def blind(of):
    """Of each window that is complete, which partitions it misses something of."""
    return [(facts.start_ms // 10_000, [each.partition for each in facts.blind]) for facts in of.complete()]


def chunk(partition, number, **marker):
    rows = [(False, number, "acme", 1)]
    known = {"previous_chunk": number - 1 if number > 5 else None, "upto": number, "watermark_ms": (number + 1) * 10_000}
    return sealed(partition, number, rows, **{**known, **marker})


def test_a_mark_comes_back_from_the_log_and_is_no_block():
    record = record_of_loss(MARK)
    assert loss_mark_of(record) == MARK
    assert Assembly().add(0, record) is None


def test_windows_that_touch_a_loss_say_so_and_no_others():
    both = join(0, 1)
    both.lose(1, loss_of(MARK))
    for number in range(5, 10):
        both.add(chunk(0, number))
        both.add(chunk(1, number))
    assert blind(both) == [(5, []), (6, [1]), (7, [1]), (8, []), (9, [])]


def test_a_loss_that_is_told_twice_is_one():
    both = join(0, 1)
    for _ in range(2):
        both.lose(1, loss_of(MARK))
    for partition in (0, 1):
        both.add(chunk(partition, 5))
        both.add(chunk(partition, 6))
    assert [len(facts.blind) for facts in both.complete()] == [0, 1]


def test_blocks_that_are_lost_hold_nothing_up_and_windows_up_to_the_next_one_say_so():
    one = join()
    one.add(chunk(0, 5))
    assert blind(one) == [(5, [])]
    one.lost_blocks()
    one.add(chunk(0, 8))
    one.add(chunk(0, 9))
    assert blind(one) == [(6, [0]), (7, [0]), (8, [0]), (9, [])]
    assert one.holes == ()


def test_after_lost_blocks_a_partition_that_is_idle_in_the_chunk_that_was_known_has_lost_none():
    one = join()
    one.add(chunk(0, 5, watermark_ms=55_000))
    one.lost_blocks()
    one.add(chunk(0, 5, upto=7, watermark_ms=55_000, idle_at_ms=75_000))
    assert blind(one) == [(5, []), (6, [])]


def test_after_lost_blocks_a_repeat_proves_nothing():
    one = join()
    one.add(chunk(0, 5, watermark_ms=55_000))
    one.lost_blocks()
    one.add(chunk(0, 5, upto=7, watermark_ms=60_000))
    assert blind(one) == [(5, [0])]


@pytest.mark.parametrize(
    "lose", [lambda one: one.lose(0, Loss(60_000, 85_000, "why")), Join.lost_blocks], ids=["records", "blocks"]
)
def test_a_restored_join_knows_what_is_lost(lose):
    first, second = join(), join()
    first.add(chunk(0, 5))
    lose(first)
    second.restore(first.snapshot())
    for each in (first, second):
        each.add(chunk(0, 6))
        each.add(chunk(0, 7))
    assert blind(first) == blind(second) != [(5, []), (6, []), (7, [])]
