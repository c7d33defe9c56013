import pytest

from actions.decision import Action
from actions.gates import World
from actions.outbox import Pending
from actions.policy.model import Mode
from actions.sink import Answer, Word
from actions.verdict import held_back, judged
from tests.actions.builders import ACT, decision, throttle


def pending(made=None, **state) -> Pending:
    return Pending(made or throttle(), first_s=0.0, **state)


def said(receipt) -> tuple[str, str, bool] | None:
    return receipt and (receipt.outcome.value, receipt.reason.value, receipt.dry_run)


@pytest.mark.parametrize(
    ("waits", "world", "expected"),
    [
        (pending(), ACT, None),
        (pending(), World(mode=Mode.SHADOW), ("skipped", "shadow", True)),
        (pending(), World(mode=Mode.OBSERVE), ("skipped", "observe", True)),
        (pending(), World(mode=Mode.PAGE), ("skipped", "page_only", True)),
        (pending(), World(mode=Mode.ACT, frozen=True), ("skipped", "frozen", False)),
        (pending(), World(mode=Mode.ACT, evidence_age_s=200), ("skipped", "stale", False)),
        (pending(attempts=2), World(mode=Mode.ACT, evidence_age_s=200), ("expired", "unreachable", False)),
        (pending(), World(mode=Mode.APPROVE), ("pending_approval", "approval", False)),
        (pending(), World(mode=Mode.APPROVE, approved=False), ("skipped", "approval", False)),
        (pending(waiting=True), World(mode=Mode.APPROVE, evidence_age_s=901), ("expired", "approval", False)),
        (pending(decision(), attempts=9), World(mode=Mode.ACT, evidence_age_s=90_000), ("expired", "unreachable", False)),
        (pending(decision(Action.NONE)), World(), ("skipped", "", False)),
    ],
)
def test_each_hindrance_has_its_outcome(waits: Pending, world: World, expected):
    assert said(held_back(waits, world, "t", overtaken=False)) == expected


@pytest.mark.parametrize(
    ("waits", "world", "dropped"),
    [
        (pending(), ACT, False),
        (pending(failures=1), ACT, True),
        (pending(waiting=True), ACT, True),
        (pending(decision()), World(mode=Mode.ACT, evidence_age_s=121), True),
        (pending(decision()), World(mode=Mode.ACT, evidence_age_s=119), False),
    ],
    ids=["fresh", "failed", "waits for a person", "late", "not late"],
)
def test_what_is_overtaken_is_dropped_once_it_failed_or_is_late(waits: Pending, world: World, dropped: bool):
    receipt = held_back(waits, world, "t", overtaken=True)
    assert (receipt is not None and receipt.reason == "superseded") == dropped


@pytest.mark.parametrize(
    ("word", "repeatable", "expected"),
    [
        (Word.ACCEPTED, True, ("done", "", False)),
        (Word.REFUSED, True, ("failed", "refused", False)),
        (Word.AGAIN, True, None),
        (Word.AGAIN, False, None),
        (Word.UNKNOWN, True, None),
        (Word.UNKNOWN, False, ("failed", "unreachable", False)),
    ],
)
def test_each_answer_has_its_receipt(word: Word, repeatable: bool, expected):
    assert said(judged(pending(), Answer(word=word, detail="d"), "t", repeatable=repeatable)) == expected


def test_details_are_cut():
    assert len(judged(pending(), Answer(word=Word.REFUSED, detail="x" * 9000), "t", repeatable=True).detail) == 500
