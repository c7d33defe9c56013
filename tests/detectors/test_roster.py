"""Rosters: slots by the order of names, reuse of those that are forgotten, and the exact rest."""

import numpy as np

from detectors.roster import FORGET_COLD_MS, FORGET_MS, Roster

TENANT = ("tenant",)


def names(roster: Roster) -> list[str]:
    return [scope[0][1] for scope in roster.scopes]


def seen(roster: Roster, at_ms: int, *values: str, operations: int = 0) -> Roster:
    roster.admit([(each,) for each in values], at_ms)
    roster.count_operations(np.full(len(roster), operations, np.int64), at_ms + 10_000)
    return roster


def test_new_scopes_get_slots_in_the_order_of_their_names():
    assert names(seen(Roster(TENANT), 0, "b", "a", "c", "a")) == ["a", "b", "c"]


def test_who_is_forgotten_leaves_its_slot_to_the_next_one():
    roster = seen(Roster(TENANT), 0, "a", "b", operations=100)
    seen(roster, FORGET_MS + 1, "b", "c")
    assert (names(roster), roster.reused.tolist()) == (["c", "b"], [0])
    assert roster.slot(("a",)) is None
    assert roster.age_ms(FORGET_MS + 1).tolist() == [0, FORGET_MS + 1]
    assert not roster.warm(FORGET_MS + 10**9, after_ms=0, after_operations=50)[0]


def test_a_slot_is_called_reused_in_one_window_only():
    roster = seen(seen(Roster(TENANT), 0, "a", operations=100), FORGET_MS + 1, "b")
    assert roster.reused.tolist() == [0]
    assert seen(roster, FORGET_MS + 10_001, "b").reused.tolist() == []


def test_who_speaks_now_and_then_is_not_forgotten():
    roster = seen(Roster(TENANT), 0, "a", operations=100)
    assert names(seen(seen(roster, FORGET_MS - 1, "a"), FORGET_MS + 1, "b")) == ["a", "b"]


def test_who_has_hardly_spoken_is_forgotten_after_a_day():
    roster = seen(Roster(TENANT), 0, "few", operations=10)
    roster.count_operations(np.array([0]), 10_000)
    assert names(seen(roster, FORGET_COLD_MS + 1, "next")) == ["next"]


def test_the_one_that_was_idle_longest_goes_first():
    roster = seen(seen(Roster(TENANT), 0, "a"), 5_000, "b")
    assert names(seen(roster, FORGET_COLD_MS + 10_000, "c")) == ["c", "b"]
    assert roster.reused.tolist() == [0]


def test_past_the_limit_all_share_one_slot_that_nobody_takes():
    roster = Roster(TENANT, limit=2)
    seen(roster, 0, "a", "b", "c", "d")
    assert names(roster) == ["a", "b", "other"]
    assert roster.slots([("c",), ("a",), ("zz",)]).tolist() == [2, 0, 2]
    seen(roster, FORGET_COLD_MS + 1, "e", "f", "g")
    assert names(roster) == ["e", "f", "other"]
    assert roster.slots([("g",)]).tolist() == [2]


def test_a_roster_that_is_restored_forgets_at_the_same_time():
    going, restored = seen(Roster(TENANT), 0, "a", "b", operations=100), Roster(TENANT)
    restored.restore(going.snapshot())
    for roster in (going, restored):
        seen(roster, FORGET_MS + 1, "c")
    assert names(going) == names(restored) == ["c", "b"]
