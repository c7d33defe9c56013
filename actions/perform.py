"""Decisions -> the ledger -> effects and receipts. The only step of Tidegate that touches the world."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from actions.backoff import Backoff
from actions.claim import Claims
from actions.decision import Decision
from actions.gates import PAGES, World
from actions.ledger import CLAIM_S, Proposed
from actions.ledger_log import LedgerLog, LedgerUnavailableError
from actions.receipt import Receipt
from actions.sender import Clock, Sender, Surroundings
from actions.sinks import Sinks

PAGE_BACKOFF = Backoff(base_s=1.0, cap_s=60.0)
CONTROL_BACKOFF = Backoff(base_s=0.5, cap_s=15.0)
"""Shorter than for pages: a lift that is late costs somebody traffic."""


def _is_page(decision: Decision) -> bool:
    return decision.action in PAGES


def _is_control(decision: Decision) -> bool:
    return decision.action not in PAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast things go: the clocks, the waits after failures, how long a claim is good for, and chance for jitter."""

    clock: Clock = field(default_factory=Clock)
    page_backoff: Backoff = PAGE_BACKOFF
    control_backoff: Backoff = CONTROL_BACKOFF
    claim_s: float = CLAIM_S
    chance: Callable[[], float] = random.random


class Performer:
    """Two senders over one ledger: pages, and controls (throttles, lifts, rollbacks, pauses, fallbacks).

    The ledger is the queue: what is proposed and not settled is worked off, by this worker or, after its death, by another one.
    """

    def __init__(
        self,
        *,
        log: LedgerLog,
        sinks: Sinks,
        world: Callable[[Decision], World],
        on_receipt: Callable[[Decision, Receipt], Awaitable[None]],
        worker: str,
        pace: Pace | None = None,
    ) -> None:
        chosen = pace or Pace()
        claims = Claims(log=log, worker=worker, monotonic=chosen.clock.monotonic, claim_s=chosen.claim_s)
        self._log = log
        surroundings = Surroundings(
            log=log, sinks=sinks, world=world, on_receipt=on_receipt, claims=claims, chance=chosen.chance, clock=chosen.clock
        )
        self._pages = Sender(wants=_is_page, surroundings=surroundings, backoff=chosen.page_backoff)
        self._controls = Sender(wants=_is_control, surroundings=surroundings, backoff=chosen.control_backoff)

    async def propose(self, decisions: Iterable[Decision]) -> None:
        """Write decisions to the ledger, in order; those that are there already change nothing.

        Raises:
            LedgerUnavailableError: when a decision that is no page could not be written. A page then goes out all the same.
        """
        failure: LedgerUnavailableError | None = None
        for decision in decisions:
            try:
                await self._propose(decision)
            except LedgerUnavailableError as error:
                if not _is_page(decision):
                    failure = error
                else:
                    self._pages.send_without_ledger(decision)
        self.wake()
        if failure is not None:
            raise failure

    async def _propose(self, decision: Decision) -> None:
        standing = self._log.ledger.standing(decision.id)
        if standing.decision is None and not standing.settled:
            await self._log.applied(await self._log.append(Proposed(decision=decision)))

    async def run(self) -> None:
        """Perform until `stop` or cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pages.run())
            group.create_task(self._controls.run())

    def stop(self) -> None:
        """Begin nothing new; `run` returns when the calls that are under way have ended."""
        self._pages.stop()
        self._controls.stop()

    def wake(self) -> None:
        """Look at the ledger at once: it has grown, or a person has answered."""
        self._pages.wake()
        self._controls.wake()

    @property
    def waiting(self) -> dict[str, int]:
        """Decisions that wait to be performed, by sender."""
        return {"pages": self._pages.waiting, "controls": self._controls.waiting}

    async def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is open; False when something still is after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                while any(True for _ in self._log.ledger.open_decisions()) or any(self.waiting.values()):
                    self.wake()
                    await asyncio.sleep(0.01)
        except TimeoutError:
            return False
        return True
