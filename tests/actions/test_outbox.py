import msgspec

from actions.decision import Action, Decision, Reason
from actions.outbox import AT_ONCE_EACH, Outbox
from tests.actions.builders import decision, throttle


def page(id: str, incident: str, target: str = "pager") -> Decision:  # noqa: A002
    return msgspec.structs.replace(decision(id=id, target=target), dedup_key=incident)


def ids(pendings) -> list[str]:
    return [each.decision.id for each in pendings]


def test_a_lane_gives_one_at_a_time_in_order():
    box = Outbox()
    box.fill([page("a", "i"), page("b", "i")], 0.0)
    first = box.take_due(0.0)
    assert (ids(first), box.take_due(0.0)) == (["a"], [])
    box.remove(first[0])
    assert ids(box.take_due(0.0)) == ["b"]


def test_lanes_do_not_wait_for_each_other():
    box = Outbox()
    box.fill([page("a", "i1"), page("b", "i2"), throttle("t"), decision(Action.LIFT_THROTTLE, id="l", target="tenant=b")], 0.0)
    assert ids(box.take_due(0.0)) == ["a", "b", "t", "l"]


def test_what_is_put_off_keeps_its_place():
    box = Outbox()
    box.fill([throttle("t"), decision(Action.LIFT_THROTTLE, id="l", reason=Reason.RELEASED)], 0.0)
    (head,) = box.take_due(0.0)
    head.due_s = 5.0
    box.give_back(head)
    assert (box.take_due(4.9), box.next_due_s(), box.overtaken(head)) == ([], 5.0, True)
    assert ids(box.take_due(5.0)) == ["t"]


def test_one_receiver_takes_no_more_than_its_places():
    box = Outbox()
    box.fill([page(f"a{n}", f"i{n}") for n in range(50)] + [page("b", "i", target="other")], 0.0)
    due = ids(box.take_due(0.0))
    assert (len(due), due[-1]) == (AT_ONCE_EACH + 1, "b")
    assert box.next_due_s() is None


def test_it_holds_no_more_than_its_capacity_and_goes_on_when_there_is_room():
    box = Outbox(capacity=2)
    waiting = [page(f"a{n}", f"i{n}") for n in range(3)]
    box.fill(waiting, 0.0)
    assert len(box) == 2
    box.remove(box.take_due(0.0)[0])
    box.fill(waiting[1:], 0.0)
    assert ids(box.take_due(0.0)) == ["a2"] or len(box) == 2


def test_what_is_there_already_is_not_taken_twice():
    box = Outbox()
    for _ in range(3):
        box.fill([page("a", "i")], 0.0)
    assert len(box) == 1


def test_a_page_is_overtaken_by_its_resolve_and_by_no_update():
    box = Outbox()
    update = msgspec.structs.replace(decision(Action.NOTIFY, id="u", target="pager", event="update"), dedup_key="i")
    resolve = msgspec.structs.replace(decision(Action.NOTIFY, id="r", target="pager", event="resolve"), dedup_key="i")
    box.fill([page("a", "i"), update], 0.0)
    (head,) = box.take_due(0.0)
    assert not box.overtaken(head)
    box.add(resolve, 0.0)
    assert box.overtaken(head)


def test_an_update_is_overtaken_by_whatever_comes_behind_it():
    box = Outbox()
    updates = [msgspec.structs.replace(decision(Action.NOTIFY, id=f"u{n}", event="update"), dedup_key="i") for n in range(2)]
    box.fill(updates, 0.0)
    (head,) = box.take_due(0.0)
    assert box.overtaken(head)


def test_what_others_have_settled_is_forgotten_unless_it_is_being_sent():
    box = Outbox()
    box.fill([page("a", "i"), page("b", "i"), page("c", "i")], 0.0)
    box.take_due(0.0)
    box.forget(lambda decision_id: decision_id in {"a", "b"})
    assert len(box) == 2
