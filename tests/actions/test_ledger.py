"""The claim logic: by itself, and with senders that may die between any two steps."""

from collections import Counter
from collections.abc import Coroutine, Generator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from actions.decision import Action, Decision
from actions.ledger import Claim, Ledger, Proposed, Settled, decode_record, encode_record
from actions.ledger_log import MemoryLedger
from actions.perform import Pace
from actions.receipt import Hindrance, Outcome, Receipt
from actions.sender import Clock, Sender
from actions.sink import Answer, Effect, Word
from actions.sinks import Sinks
from tests.actions.builders import decision, worker


def receipt(outcome: Outcome = Outcome.DONE, id: str = "d1") -> Receipt:  # noqa: A002
    return Receipt(decision_id=id, at="t", dry_run=False, outcome=outcome, reason=Hindrance.NOTHING, detail="", attempts=1)


def ledger_of(*records: Any) -> Ledger:
    ledger = Ledger()
    for offset, record in enumerate(records):
        ledger.apply(offset, record, now_s=float(offset))
    return ledger


PROPOSED = Proposed(decision=decision())
ONE = Claim(decision_id="d1", worker="w1")
TWO = Claim(decision_id="d1", worker="w2")


@pytest.mark.parametrize(
    "record", [PROPOSED, ONE, Settled(receipt=receipt(), worker="w1", fence=3)], ids=["proposed", "claim", "receipt"]
)
def test_a_record_survives_the_topic(record):
    assert decode_record(encode_record(record)) == record


def test_of_two_claims_the_first_in_the_log_wins():
    standing = ledger_of(PROPOSED, TWO, ONE).standing("d1")
    assert (standing.worker, standing.fence) == ("w2", 1)


def test_a_claim_after_the_winner_takes_over():
    standing = ledger_of(PROPOSED, ONE, Claim(decision_id="d1", worker="w2", after=1)).standing("d1")
    assert (standing.worker, standing.fence) == ("w2", 2)


def test_a_claim_lapses_after_its_time_by_the_reader_s_clock():
    standing = ledger_of(PROPOSED, ONE).standing("d1")
    assert not standing.lapsed(now_s=5.9)
    assert standing.lapsed(now_s=6.0)


def test_a_receipt_settles_and_no_claim_counts_after_it():
    ledger = ledger_of(
        PROPOSED, ONE, Settled(receipt=receipt(), worker="w1", fence=1), Claim(decision_id="d1", worker="w2", after=1)
    )
    assert (ledger.standing("d1").settled, ledger.standing("d1").worker) == (True, "w1")
    assert list(ledger.open_decisions()) == []


def test_a_zombie_s_failure_does_not_count_but_its_success_does():
    taken_over = [PROPOSED, ONE, Claim(decision_id="d1", worker="w2", after=1)]
    failed = Settled(receipt=receipt(Outcome.FAILED), worker="w1", fence=1)
    done = Settled(receipt=receipt(Outcome.DONE), worker="w1", fence=1)
    assert not ledger_of(*taken_over, failed).standing("d1").settled
    assert ledger_of(*taken_over, done).standing("d1").settled


def test_a_skip_without_a_claim_is_void_once_somebody_claims():
    skip = Settled(receipt=receipt(Outcome.SKIPPED), worker="w2")
    assert ledger_of(PROPOSED, skip, ONE).standing("d1").fence is None
    assert not ledger_of(PROPOSED, ONE, skip).standing("d1").settled


def test_what_waits_for_a_person_stays_open():
    ledger = ledger_of(PROPOSED, Settled(receipt=receipt(Outcome.PENDING_APPROVAL), worker="w1"), ONE)
    assert [each.id for each in ledger.open_decisions()] == ["d1"]
    assert ledger.standing("d1").fence == 2


def test_receipts_are_listed_with_their_decisions_for_whoever_has_to_tell_them():
    ledger = ledger_of(PROPOSED, ONE, Settled(receipt=receipt(), worker="w1", fence=1), Proposed(decision=decision(id="d2")))
    assert [(made.id, told.outcome) for made, told in ledger.receipts()] == [("d1", Outcome.DONE)]


def test_the_oldest_settled_decisions_are_forgotten_and_open_ones_never():
    ledger = Ledger(kept_settled=2)
    ledger.apply(0, PROPOSED, 0.0)
    for n in range(1, 5):
        ledger.apply(n, Settled(receipt=receipt(id=f"s{n}"), worker="w"), 0.0)
    assert [ledger.standing(f"s{n}").settled for n in range(1, 5)] == [False, False, True, True]
    assert [each.id for each in ledger.open_decisions()] == ["d1"]


any_record = st.one_of(
    st.just(PROPOSED),
    st.builds(Claim, decision_id=st.just("d1"), worker=st.sampled_from("ab"), after=st.none() | st.integers(0, 20)),
    st.builds(
        Settled,
        receipt=st.sampled_from(list(Outcome)).map(receipt),
        worker=st.sampled_from("ab"),
        fence=st.none() | st.integers(0, 20),
    ),
)


@given(st.lists(any_record, max_size=20), st.data())
def test_repeated_delivery_changes_nothing(records, data):
    twice, once = Ledger(), ledger_of(*records)
    for offset, record in enumerate(records):
        again = data.draw(st.integers(0, offset))
        twice.apply(offset, record, float(offset))
        assert not twice.apply(again, records[again], 99.0)
    assert twice.standing("d1") == once.standing("d1")


@given(st.lists(any_record, max_size=20))
def test_a_settled_decision_never_changes_again(records):
    ledger, settled = Ledger(), None
    for offset, record in enumerate(records):
        ledger.apply(offset, record, 0.0)
        assert settled is None or ledger.standing("d1").receipt == settled
        settled = ledger.standing("d1").receipt if ledger.standing("d1").settled else settled


class Pause:
    """A point at which a worker may be stopped, for ever or for a while."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class SteppedLedger(MemoryLedger):
    """Stops before and after every write, and before every read."""

    async def append(self, record):
        await Pause()
        offset = await super().append(record)
        await Pause()
        return offset

    async def applied(self, offset):
        await Pause()
        await super().applied(offset)


class Target:
    """A receiver that counts effects. `keyed`: knows ids. `askable`: can be asked."""

    name = "hook"

    def __init__(self, *, keyed: bool, askable: bool) -> None:
        self.repeatable = keyed
        self._askable = askable
        self.effects: Counter[str] = Counter()
        self.fails = False

    async def send(self, effect: Effect) -> Answer:
        if self.repeatable:
            await Pause()  # a request may be on its way for long; one without a key must arrive within the claim
        if self.fails:
            return Answer(word=Word.AGAIN, detail="503")
        self.effects[effect.decision.id] += not (self.repeatable and self.effects[effect.decision.id])
        await Pause()
        return Answer(word=Word.ACCEPTED, detail="200")

    async def ask(self, effect: Effect) -> Answer | None:
        await Pause()
        if not self._askable:
            return None
        there = self.effects[effect.decision.id] > 0
        await Pause()
        return Answer(word=Word.ACCEPTED if there else Word.AGAIN, detail="asked")


def about(n: int) -> Decision:
    return msgspec.structs.replace(decision(Action.NOTIFY, id=f"n{n}"), dedup_key=f"incident{n}")


class TwoWorkers(RuleBasedStateMachine):
    """Two senders over one log; each may be stopped, killed and started again at every point."""

    @initialize(keyed=st.booleans(), askable=st.booleans())
    def start(self, keyed: bool, askable: bool) -> None:
        self.now_s = 0.0
        self.target = Target(keyed=keyed, askable=askable)
        self.records: list[bytes] = [encode_record(Proposed(decision=about(n))) for n in range(2)]
        self.told: list[list[Receipt]] = []
        self.senders: list[Sender] = [self.sender(0), self.sender(1)]
        self.under_way: list[Coroutine[Any, Any, None] | None] = [None, None]

    def sender(self, n: int) -> Sender:
        clock = Clock(monotonic=lambda: self.now_s, now_ms=lambda: 0)
        log = SteppedLedger(self.records, monotonic=lambda: self.now_s)
        one = worker(Sinks({"hook": self.target}), log=log, name=f"w{n}", pace=Pace(clock=clock, chance=lambda: 0.5))
        self.told.append(one.receipts)
        return one.performer._pages

    @rule(n=st.integers(0, 1), steps=st.integers(1, 12))
    def work(self, n: int, steps: int) -> None:
        for _ in range(steps):
            self.step(n)

    def step(self, n: int) -> None:
        sender = self.senders[n]
        if self.under_way[n] is None:
            sender._outbox.fill(sender._with.log.ledger.open_decisions(), self.now_s)
            due = sender._outbox.take_due(self.now_s)
            for extra in due[1:]:
                sender._outbox.give_back(extra)
            self.under_way[n] = sender._work(due[0]) if due else None
        coroutine = self.under_way[n]
        if coroutine is not None:
            try:
                coroutine.send(None)
            except StopIteration:
                self.under_way[n] = None

    @rule(n=st.integers(0, 1))
    def kill(self, n: int) -> None:
        coroutine = self.under_way[n]
        if coroutine is not None:
            coroutine.close()
        self.senders[n], self.under_way[n] = self.sender(n), None

    @rule(seconds=st.sampled_from([0.5, 2.0, 6.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(fails=st.booleans())
    def target_changes(self, fails: bool) -> None:
        self.target.fails = fails

    @invariant()
    def at_most_one_effect_each(self) -> None:
        assert all(count <= 1 for count in getattr(self, "target", Target(keyed=True, askable=True)).effects.values())

    def teardown(self) -> None:
        for coroutine in getattr(self, "under_way", []):
            if coroutine is not None:
                coroutine.close()
        if hasattr(self, "records"):
            self.finish()

    def finish(self) -> None:
        """A last worker brings everything to its end: each decision has one receipt that counts, and a done one has its effect."""
        self.target.fails = False
        self.senders[0], self.under_way[0] = self.sender(0), None
        ledger = MemoryLedger(self.records)
        for _ in range(400):
            self.now_s += 0.5
            self.step(0)
            if not list(ledger.ledger.open_decisions()):
                break
        standings = [ledger.ledger.standing(f"n{n}") for n in range(2)]
        assert all(each.settled for each in standings)
        for n, each in enumerate(standings):
            assert each.receipt.outcome in {Outcome.DONE, Outcome.FAILED}
            assert self.target.effects[f"n{n}"] == 1 or each.receipt.outcome is Outcome.FAILED
        told = Counter((r.decision_id, r.outcome) for receipts in self.told for r in receipts)
        assert max(told.values(), default=0) <= 1


TestTwoWorkers = TwoWorkers.TestCase
TestTwoWorkers.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_of_two_workers_whose_receipts_are_equal_one_tells():
    two = TwoWorkers()
    two.start(keyed=True, askable=False)
    two.work(1, 4)
    two.time_passes(0.5)
    two.work(0, 1)
    two.time_passes(6.0)
    two.work(0, 1)
    two.time_passes(1.5)
    two.work(0, 9)
    two.work(1, 5)
    two.teardown()


def test_decisions_are_performed_in_the_order_of_the_log():
    first, second = decision(id="b"), decision(id="a")
    assert [each.id for each in ledger_of(Proposed(decision=first), Proposed(decision=second)).open_decisions()] == ["b", "a"]


def test_the_first_proposal_of_an_id_counts():
    changed: Decision = decision(title="other")
    assert next(ledger_of(PROPOSED, Proposed(decision=changed)).open_decisions()) == PROPOSED.decision
