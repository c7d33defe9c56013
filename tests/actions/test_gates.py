import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.decision import Action, Reason
from actions.gates import World, hindrance, lets_go
from actions.policy.model import Mode
from actions.receipt import Hindrance
from tests.actions.builders import decision, throttle

worlds = st.builds(
    World,
    mode=st.sampled_from(list(Mode)),
    frozen=st.booleans(),
    evidence_age_s=st.sampled_from([0.0, 119.0, 121.0, 901.0, 90_000.0]),
    lag_s=st.sampled_from([0.0, 61.0]),
    blind=st.booleans(),
    catching_up=st.booleans(),
    clock_sane=st.booleans(),
    approved=st.sampled_from([None, True, False]),
    standing=st.booleans(),
    over=st.booleans(),
)
DESTRUCTIVE = [action for action in Action if action.destructive]


@given(worlds)
def test_letting_go_of_what_was_taken_is_always_allowed(world: World):
    lift = decision(Action.LIFT_THROTTLE, reason=Reason.LIFTED_BY_HAND)
    step_down = msgspec.structs.replace(throttle(), reason=Reason.RELEASED)
    for each in (lift, step_down):
        assert not world.standing or hindrance(each, world) is Hindrance.NOTHING


@given(worlds, st.sampled_from(DESTRUCTIVE))
def test_nothing_destructive_passes_a_world_that_is_not_right(world: World, action: Action):
    taken = decision(action, reason=Reason.REMEDY)
    bad = world.frozen or world.blind or world.catching_up or world.lag_s > 60 or not world.clock_sane
    unasked = world.mode is Mode.APPROVE and world.approved is not True
    if bad or unasked or world.mode in {Mode.OBSERVE, Mode.SHADOW, Mode.PAGE}:
        assert hindrance(taken, world) is not Hindrance.NOTHING


@given(worlds)
def test_a_page_goes_out_until_it_is_a_day_old_or_stale_and_its_incident_over(world: World):
    acts = world.mode not in {Mode.OBSERVE, Mode.SHADOW} and not world.catching_up
    passes = hindrance(decision(), world) is Hindrance.NOTHING
    assert passes == (acts and world.evidence_age_s < (120 if world.over else 86_400))


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (World(mode=Mode.OBSERVE), Hindrance.OBSERVE),
        (World(mode=Mode.SHADOW), Hindrance.SHADOW),
        (World(mode=Mode.PAGE), Hindrance.PAGE_ONLY),
        (World(mode=Mode.APPROVE), Hindrance.APPROVAL),
        (World(mode=Mode.ACT, catching_up=True), Hindrance.CATCH_UP),
        (World(mode=Mode.ACT, frozen=True), Hindrance.FROZEN),
        (World(mode=Mode.ACT, blind=True), Hindrance.BLIND),
        (World(mode=Mode.ACT, evidence_age_s=121), Hindrance.STALE),
        (World(mode=Mode.ACT, evidence_age_s=31, stale_s=30), Hindrance.STALE),
        (World(mode=Mode.ACT, lag_s=61), Hindrance.STALE),
        (World(mode=Mode.ACT, clock_sane=False), Hindrance.STALE),
        (World(mode=Mode.ACT), Hindrance.NOTHING),
        (World(mode=Mode.APPROVE, approved=True, evidence_age_s=600), Hindrance.NOTHING),
        (World(mode=Mode.APPROVE, approved=True, evidence_age_s=901), Hindrance.STALE),
    ],
    ids=lambda value: value.value if isinstance(value, Hindrance) else "",
)
def test_each_gate_gives_its_own_reason(world: World, why: Hindrance):
    assert hindrance(throttle(), world) is why


def test_a_renewal_is_held_back_by_a_freeze_so_that_the_lease_lapses():
    renewal = msgspec.structs.replace(throttle(), reason=Reason.RENEWED)
    assert not lets_go(renewal)
    assert hindrance(renewal, World(mode=Mode.ACT, frozen=True, standing=True)) is Hindrance.FROZEN


def test_a_lift_of_a_throttle_that_was_never_set_is_dry_in_shadow():
    lift = decision(Action.LIFT_THROTTLE, reason=Reason.RELEASED)
    assert hindrance(lift, World(mode=Mode.SHADOW)) is Hindrance.SHADOW


@pytest.mark.parametrize(
    ("action", "mode"), [*itertools.product([Action.TICKET, Action.NOTIFY], [Mode.PAGE, Mode.APPROVE, Mode.ACT])]
)
def test_telling_people_needs_no_approval(action: Action, mode: Mode):
    assert hindrance(decision(action), World(mode=mode, frozen=True, blind=True)) is Hindrance.NOTHING
