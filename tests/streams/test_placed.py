"""Slots of a block's scopes, looked up once: strangers are found when they have been given slots, and nobody keeps another's."""

from detectors.roster import FORGET_COLD_MS, Roster
from streams.placed import Placed

A, B, C, D = ((name,) for name in "abcd")


def test_strangers_are_found_once_they_have_slots():
    roster = Roster(("tenant",))
    roster.admit([A], 0)
    placed = Placed(roster, [B, A, C])
    assert placed.slots().tolist() == [-1, 0, -1]
    roster.see(placed.slots()[1:2], {B}, 10_000)
    assert placed.slots().tolist() == [1, 0, -1]


def test_whoever_has_lost_its_slot_is_a_stranger_again():
    roster = Roster(("tenant",))
    roster.admit([A, B], 0)
    placed = Placed(roster, [A, B, C])
    assert placed.slots().tolist() == [0, 1, -1]
    roster.admit([C, D], FORGET_COLD_MS + 1)
    assert roster.reuses == 2
    assert placed.slots().tolist() == [-1, -1, 0]


def test_past_the_limit_all_are_strangers_of_one_slot():
    roster = Roster(("tenant",), limit=1)
    placed = Placed(roster, [A, B])
    roster.see(placed.slots()[:0], {A, B}, 0)
    assert placed.slots().tolist() == [0, -1]
    assert roster.slots([B]).tolist() == [1]


def test_of_whom_the_roster_knows_its_own_name_is_kept():
    roster, names = Roster(("tenant",)), ["acme"]
    known, other = tuple(names), tuple(names)
    roster.admit([known], 0)
    scopes = [other, B]
    Placed(roster, scopes)
    assert scopes == [known, B]
    assert scopes[0] is known
    assert other is not known
