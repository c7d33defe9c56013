"""Open decisions of the ledger -> calls to receivers -> receipts. One of two senders: pages and controls do not wait."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from actions.backoff import Backoff
from actions.claim import Claims, Held
from actions.decision import Decision
from actions.gates import PAGES, World
from actions.ledger import Settled
from actions.ledger_log import LedgerLog, LedgerUnavailableError
from actions.outbox import Outbox, Pending
from actions.receipt import Hindrance, Outcome, Receipt
from actions.sink import Answer, Effect, Sink, Word
from actions.sinks import Sinks
from actions.verdict import held_back, judged, receipt_of
from detectors.canonical import time_text

TICK_S = 0.25
"""How often an idle sender looks at the ledger by itself; `wake` makes it look at once."""
LOOK_AGAIN_S = 1.0
"""How often a person's answer is looked for, and an absent ledger."""

_log = logging.getLogger(__name__)


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The times of a worker: monotonic seconds for claims and waits, wall milliseconds for receipts and signatures."""

    monotonic: Callable[[], float] = time.monotonic
    now_ms: Callable[[], int] = _wall_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a sender works with.

    Attributes:
        log: the ledger.
        sinks: who performs what.
        world: the gates' view of a decision now; asked before every call.
        on_receipt: told of each receipt that this worker wrote and that counts.
        claims: of this worker.
        chance: uniform in [0, 1), for jitter.
    """

    log: LedgerLog
    sinks: Sinks
    world: Callable[[Decision], World]
    on_receipt: Callable[[Decision, Receipt], Awaitable[None]]
    claims: Claims
    chance: Callable[[], float]
    clock: Clock


class Sender:
    """Works off the open decisions that it `wants`, lane by lane, until it is stopped."""

    def __init__(self, *, wants: Callable[[Decision], bool], surroundings: Surroundings, backoff: Backoff) -> None:
        self._wants = wants
        self._with = surroundings
        self._backoff = backoff
        self._outbox = Outbox()
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self) -> None:
        """Work until `stop`; what is being sent then is finished first. Cancelling does not wait for it."""
        try:
            while not self._stopping:
                self._start_due()
                await self._pause()
            await asyncio.gather(*self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Look at the ledger, and at what waits for a person, now."""
        self._outbox.hurry(self._now_s())
        self._woken.set()

    def send_without_ledger(self, decision: Decision) -> None:
        """Take a page that could not be proposed."""
        self._outbox.add(decision, self._now_s())
        self._woken.set()

    @property
    def waiting(self) -> int:
        """Decisions that this sender holds."""
        return len(self._outbox)

    def _now_s(self) -> float:
        return self._with.clock.monotonic()

    def _now_text(self) -> str:
        return time_text(self._with.clock.now_ms())

    def _start_due(self) -> None:
        now_s, ledger = self._now_s(), self._with.log.ledger
        self._outbox.forget(lambda decision_id: ledger.standing(decision_id).settled)
        self._outbox.fill((each for each in ledger.open_decisions() if self._wants(each)), now_s)
        for pending in self._outbox.take_due(now_s):
            task = asyncio.create_task(self._work(pending))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pause(self) -> None:
        due_s = self._outbox.next_due_s()
        wait_s = TICK_S if due_s is None else min(TICK_S, max(0.0, due_s - self._now_s()))
        try:
            async with asyncio.timeout(wait_s):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _work(self, pending: Pending) -> None:
        finished = False
        try:
            finished = await self._step(pending)
        except LedgerUnavailableError:
            pending.due_s = self._now_s() + LOOK_AGAIN_S
        except Exception:  # noqa: BLE001
            # A sender outlives what it did not expect; the decision stays open and is tried again.
            _log.exception("decision %s: unexpected failure", pending.decision.id)
            self._put_off(pending, Answer(word=Word.UNKNOWN, detail="unexpected failure"))
        finally:
            if finished:
                self._outbox.remove(pending)
            else:
                self._outbox.give_back(pending)
            self._woken.set()

    async def _step(self, pending: Pending) -> bool:
        """Bring a decision one step further; True when it is settled."""
        if pending.verdict is not None:
            return await self._settle(pending, *pending.verdict)
        standing = self._with.log.ledger.standing(pending.decision.id)
        if standing.settled:
            return True
        pending.waiting = pending.waiting or standing.receipt is not None
        held = pending.held if pending.held is not None and pending.held.fence == standing.fence else None
        if standing.fence is not None and held is None:
            held = await self._take(pending)  # what another has claimed can be settled under a newer claim only
            if held is None:
                return False
        sink = self._with.sinks.of(pending.decision)
        receipt = self._gate(pending)
        if receipt is not None:
            return await self._hold_back(pending, sink, receipt, held)
        if sink is None:
            nobody = receipt_of(pending, self._now_text(), Outcome.SKIPPED, Hindrance.NO_RECEIVER, "no such receiver")
            return await self._settle(pending, nobody, _fence(held))
        return await self._hold_and_try(pending, sink)

    def _gate(self, pending: Pending) -> Receipt | None:
        world = self._with.world(pending.decision)
        return held_back(pending, world, self._now_text(), overtaken=self._outbox.overtaken(pending))

    async def _hold_back(self, pending: Pending, sink: Sink | None, receipt: Receipt, held: Held | None) -> bool:
        if receipt.outcome is not Outcome.PENDING_APPROVAL:
            return await self._settle(pending, await self._found(pending, sink, held) or receipt, _fence(held))
        if not pending.waiting:
            pending.waiting = True
            await self._settle(pending, receipt, _fence(held))
        pending.verdict = None
        pending.due_s = self._now_s() + LOOK_AGAIN_S
        return False

    async def _found(self, pending: Pending, sink: Sink | None, held: Held | None) -> Receipt | None:
        """The receipt of an effect that is there already, since somebody died over it."""
        if not pending.doubtful or sink is None or held is None:
            return None
        answer = await sink.ask(self._effect(pending, held))
        there = answer is not None and answer.word is Word.ACCEPTED
        return judged(pending, answer, self._now_text(), repeatable=True) if answer is not None and there else None

    async def _hold_and_try(self, pending: Pending, sink: Sink) -> bool:
        held = await self._take(pending)
        if held is None:
            return False
        receipt = self._gate(pending)  # again: the claim took time, and a freeze counts within 2 s
        if receipt is not None:
            return await self._hold_back(pending, sink, receipt, held)
        answer = await self._try(pending, sink, held)
        repeatable = sink.repeatable or not pending.doubtful
        receipt = judged(pending, answer, self._now_text(), repeatable=repeatable)
        if receipt is not None:
            return await self._settle(pending, receipt, held.fence)
        self._put_off(pending, answer)
        return False

    async def _take(self, pending: Pending) -> Held | None:
        """Claim a decision; None when it is another's, and has to be looked at again later."""
        held = await self._hold(pending)
        if not isinstance(held, Held):
            pending.due_s = held
            return None
        pending.doubtful = pending.doubtful or held.doubtful
        pending.held = held
        return held

    async def _hold(self, pending: Pending) -> Held | float:
        try:
            return await self._with.claims.claim(pending.decision.id, own=pending.held)
        except LedgerUnavailableError:
            if pending.decision.action not in PAGES:
                raise
            return Held(fence=-1, until_s=float("inf"))

    async def _try(self, pending: Pending, sink: Sink, held: Held) -> Answer:
        effect = self._effect(pending, held)
        if pending.doubtful:
            found = await sink.ask(effect)
            if found is None and not sink.repeatable:
                return Answer(word=Word.UNKNOWN, detail="cannot be asked")
            if found is not None and found.word is not Word.AGAIN:
                return found
            pending.doubtful = found is None
        if self._now_s() >= held.until_s:
            return Answer(word=Word.AGAIN, detail="the claim ran out", attempted=False)
        pending.attempts += 1
        answer = await sink.send(effect)
        pending.attempts -= 0 if answer.attempted else 1
        pending.doubtful = pending.doubtful or answer.word is Word.UNKNOWN
        return answer

    def _effect(self, pending: Pending, held: Held) -> Effect:
        return Effect(decision=pending.decision, fence=held.fence, at_ms=self._with.clock.now_ms())

    def _put_off(self, pending: Pending, answer: Answer) -> None:
        pending.said = answer.detail
        if not answer.attempted:
            pending.due_s = self._now_s() + (answer.retry_after_s or 0.0)
            return
        pending.failures += 1
        pending.due_s = self._now_s() + self._backoff.delay_s(pending.failures, self._with.chance(), answer.retry_after_s)

    async def _settle(self, pending: Pending, receipt: Receipt, fence: int | None) -> bool:
        """Write the receipt, then tell it; what fails of that is repeated, and nothing is sent again meanwhile."""
        pending.verdict = (receipt, fence)
        ledger = self._with.log.ledger
        if pending.counts is None:
            record = Settled(receipt=receipt, worker=self._with.claims.worker, fence=fence if fence != -1 else None)
            offset = await self._with.log.append(record)
            await self._with.log.applied(offset)
            standing = ledger.standing(pending.decision.id)
            # An attempt that seemed to fail may have been written, and be the one that counts.
            earlier = standing.receipt_by == self._with.claims.worker and standing.receipt == receipt
            pending.counts = standing.receipt_offset == offset or earlier
        if pending.counts:
            await self._with.on_receipt(pending.decision, receipt)
        pending.verdict, pending.counts = None, None
        return ledger.standing(pending.decision.id).settled


def _fence(held: Held | None) -> int | None:
    return held.fence if held is not None else None
