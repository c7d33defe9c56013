from streams.worker.ahead import GROWS_S, Ahead

AHEAD_MS = 120_000


def waiting(reading, *, judged_ms=None, at_s=0.0, ahead=None):
    return set((ahead or Ahead(AHEAD_MS)).waiting(reading, judged_ms=judged_ms, at_s=at_s))


def test_a_partition_that_runs_ahead_of_the_slowest_waits():
    assert waiting({0: 0, 1: AHEAD_MS, 2: AHEAD_MS + 1}) == {2}


def test_the_slowest_never_waits_for_itself():
    assert waiting({0: 5_000_000}) == set()
    assert waiting({0: 5_000_000, 1: 9_000_000}) == {1}


def test_a_partition_of_another_worker_shows_in_what_was_judged():
    assert waiting({0: 5_000_000}, judged_ms=1_000_000) == {0}
    assert waiting({0: 5_000_000}, judged_ms=4_990_000) == set()


def test_nothing_waits_where_nothing_is_left_to_read():
    assert waiting({}, judged_ms=0) == set()


def test_it_goes_on_when_the_slowest_has_come_closer():
    ahead = Ahead(AHEAD_MS)
    assert waiting({0: 0, 1: 300_000}, ahead=ahead) == {1}
    assert waiting({0: 200_000, 1: 300_000}, ahead=ahead, at_s=1.0) == set()


def test_a_gap_of_hours_on_every_worker_stops_nobody_for_long():
    ahead, gap_ms = Ahead(AHEAD_MS), 3 * 3_600_000
    stopped_s = next(at_s for at_s in range(600) if not waiting({0: gap_ms}, judged_ms=0, ahead=ahead, at_s=float(at_s)))
    assert stopped_s <= 7 * GROWS_S


def test_a_partition_that_cannot_be_read_stops_no_other():
    ahead, held = Ahead(AHEAD_MS), 0
    for second in range(1_800):
        held += len(waiting({0: 0, 1: second * 1000}, ahead=ahead, at_s=float(second)))
    assert held == 0


def test_room_that_grew_is_taken_back_when_things_move():
    ahead = Ahead(AHEAD_MS)
    assert waiting({0: 0, 1: 500_000}, ahead=ahead, at_s=0.0) == {1}
    assert waiting({0: 0, 1: 500_000}, ahead=ahead, at_s=30.0) == set()
    assert waiting({0: 1, 1: 500_000}, ahead=ahead, at_s=30.0) == {1}
