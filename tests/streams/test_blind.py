"""When a source partition is blind, and what the windows that go on without it say."""

import dataclasses

from streams.blind import NEVER_MS, BlindMark, Sight
from streams.log.wire import blind_mark_of, record_of_blind, records_of
from streams.merge import Join
from streams.window import Timing
from tests.streams.builders import sealed

TIMING = Timing()
T0 = 1_790_000_000_000
W = T0 // 10_000


def looks(sight, seconds, seen, *, step=2):
    """What is blind at the end, looking every two seconds; `seen` gives what each partition was seen up to, by the second."""
    return next(
        (second for second in range(0, seconds, step) if sight.look(seen(second), now_ms=T0 + second * 1000, at_s=float(second))),
        None,
    )


def keeps_up(second):
    return T0 + second * 1000 - 12_000


def test_partitions_that_keep_up_are_seen():
    assert looks(Sight(TIMING), 300, lambda s: {0: keeps_up(s), 1: keeps_up(s)}) is None


def test_a_partition_that_stands_still_is_blind_within_a_minute():
    found = looks(Sight(TIMING), 300, lambda s: {0: keeps_up(s), 1: keeps_up(0)})
    assert 40 <= found <= 58


def test_a_partition_that_was_never_seen_is_blind_within_a_minute():
    found = looks(Sight(TIMING), 300, lambda s: {0: keeps_up(s), 1: NEVER_MS})
    assert found <= 58


def test_a_partition_that_moves_and_stays_behind_the_others_is_blind():
    found = looks(Sight(TIMING), 300, lambda s: {0: keeps_up(s), 1: keeps_up(s) - 120_000})
    assert found <= 58


def test_a_backlog_that_all_work_off_is_no_blindness():
    assert looks(Sight(TIMING), 300, lambda s: {0: T0 - 1_800_000 + s * 10_000, 1: T0 - 1_900_000 + s * 10_000}) is None


def test_a_backlog_beside_an_idle_partition_is_no_blindness():
    assert looks(Sight(TIMING), 600, lambda s: {0: keeps_up(s), 1: T0 - 7_200_000 + s * 10_000}) is None


def test_a_partition_that_falls_back_after_catching_up_for_a_while_is_blind():
    def seen(second):
        return {0: keeps_up(second), 1: T0 - 7_200_000 + min(second, 100) * 10_000 + second * 1000}

    assert 100 < looks(Sight(TIMING), 600, seen) <= 200


def test_one_partition_that_ends_its_backlog_a_little_later_is_no_blindness():
    assert looks(Sight(TIMING), 300, lambda s: {0: keeps_up(s), 1: min(keeps_up(s), T0 - 200_000 + s * 10_000)}) is None


def test_who_was_asleep_does_not_take_its_own_sleep_for_blindness():
    sight = Sight(TIMING)
    assert looks(sight, 10, lambda s: {0: keeps_up(s), 1: keeps_up(s)}) is None
    seen = {0: keeps_up(10), 1: keeps_up(10)}
    assert [sight.look(seen, now_ms=T0 + s * 1000, at_s=float(s)) for s in (100, 102, 110)] == [(), (), ()]


def test_a_mark_survives_its_way_over_the_log_and_no_block_is_taken_for_one():
    mark = BlindMark(partition=1, seen_ms=NEVER_MS, until_ms=T0, why="without a leader")
    assert blind_mark_of(record_of_blind(mark)) == mark
    assert blind_mark_of(records_of(sealed(0, W, []))[0]) is None


def join():
    made = Join([0, 1], rollups=[(), ("tenant",)], timing=TIMING)
    for partition in (0, 1):
        made.add(sealed(partition, W, [(False, W, "acme", 3)], upto=5, watermark_ms=(W + 1) * 10_000))
    assert [facts.complete for facts in made.complete()] == [True]
    made.add(sealed(0, W + 1, [(False, W + 1, "acme", 4)], previous_chunk=W, upto=9, watermark_ms=(W + 3) * 10_000))
    return made


def blind(made, *, seen_windows=1, until=3):
    mark = BlindMark(partition=1, seen_ms=(W + seen_windows) * 10_000, until_ms=(W + until) * 10_000, why="without a leader")
    made.blind(mark)
    return list(made.complete())


def test_windows_go_on_without_a_blind_partition_and_say_so():
    made = join()
    assert list(made.complete()) == []
    facts = blind(made)
    assert [(each.complete, [b.partition for b in each.blind]) for each in facts] == [(False, [1]), (False, [1])]
    assert facts[0].blind[0].why == "without a leader"
    assert facts[0].blind[0].seen_ms == (W + 1) * 10_000


def test_a_mark_of_somebody_who_has_not_seen_that_the_partition_moved_is_void():
    assert blind(join(), seen_windows=0) == []


def test_windows_wait_again_after_what_the_mark_says():
    made = join()
    assert len(blind(made, until=2)) == 1
    assert list(made.complete()) == []


def test_what_a_blind_partition_had_reaches_the_ledger_and_no_verdict():
    made = join()
    blind(made)
    made.add(sealed(1, W + 1, [(False, W + 1, "acme", 7)], previous_chunk=W, upto=9, watermark_ms=(W + 4) * 10_000))
    made.add(sealed(0, W + 3, [(False, W + 3, "acme", 1)], previous_chunk=W + 1, upto=12, watermark_ms=(W + 4) * 10_000))
    (facts,) = made.complete()
    assert facts.complete
    assert {(late.window_start_ms, late.scope, late.sums[0]) for late in facts.late} == {
        ((W + 1) * 10_000, (), 7),
        ((W + 1) * 10_000, (("tenant", "acme"),), 7),
    }


def test_a_restored_join_goes_on_without_the_blind_partition():
    made = join()
    made.blind(BlindMark(partition=1, seen_ms=(W + 1) * 10_000, until_ms=(W + 3) * 10_000, why="without an owner"))
    again = Join([0, 1], rollups=[(), ("tenant",)], timing=TIMING)
    again.restore(made.snapshot())
    expected, found = list(made.complete()), list(again.complete())
    assert [each.blind for each in found] == [each.blind for each in expected]
    assert len(found) == 2


def test_the_numbers_of_the_timing_leave_a_healthy_partition_room():
    """A final block comes a window and the grace after its window began, an idle mark two seconds later."""
    slow = dataclasses.replace(TIMING, window_ms=30_000)
    assert looks(Sight(slow), 300, lambda s: {0: T0 + s * 1000 - 36_000, 1: T0 + s * 1000 - 30_000}) is None
