"""What tests of the doing need: decisions, receivers, performers."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actions.backoff import Backoff
from actions.decision import Action, Decision, Reason
from actions.gates import World
from actions.ledger_log import LedgerLog, MemoryLedger
from actions.perform import Pace, Performer
from actions.policy.model import Mode
from actions.receipt import Receipt
from actions.secret import Secret
from actions.sink import Endpoint, Sink
from actions.sinks import Sinks
from detectors.canonical import time_text

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
WEBHOOK_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NOW_MS = 1_700_000_000_000
NOW_TEXT = time_text(NOW_MS)
ACT = World(mode=Mode.ACT, standing=True)
QUICK = Pace(page_backoff=Backoff(base_s=0.01, cap_s=0.02), control_backoff=Backoff(base_s=0.01, cap_s=0.02), chance=lambda: 0.5)


def decision(
    action: Action = Action.PAGE,
    *,
    id: str = "d1",  # noqa: A002
    target: str = "",
    reason: Reason = Reason.OPENED,
    **params: Any,
) -> Decision:
    default = {Action.PAGE: "pager", Action.THROTTLE: "tenant=acme", Action.LIFT_THROTTLE: "tenant=acme"}.get(action, "hook")
    return Decision(
        id=id,
        incident_id="incident1",
        ts=NOW_TEXT,
        action=action,
        target=target or default,
        params=params,
        reason=reason,
        dedup_key="incident1",
    )


def throttle(id: str = "t1", **params: Any) -> Decision:  # noqa: A002
    return decision(Action.THROTTLE, id=id, reason=Reason.REMEDY, **{"level": 2, "factor": 0.25, **params})


def endpoint(name: str, url: str, key: str = WEBHOOK_SECRET) -> Endpoint:
    return Endpoint(name=name, url=url, key=Secret(key), allow_insecure=True)


@dataclass
class Worker:
    """A performer and what it said."""

    performer: Performer
    receipts: list[Receipt] = field(default_factory=list)

    def outcomes(self) -> list[tuple[str, str, str]]:
        return [(each.decision_id, each.outcome.value, each.reason.value) for each in self.receipts]


def worker(
    sinks: dict[str, Sink] | Sinks,
    *,
    log: LedgerLog | None = None,
    world: Callable[[Decision], World] = lambda _: ACT,
    name: str = "w1",
    pace: Pace = QUICK,
) -> Worker:
    receipts: list[Receipt] = []

    async def keep(_: Decision, receipt: Receipt) -> None:
        receipts.append(receipt)

    chosen = sinks if isinstance(sinks, Sinks) else Sinks(sinks)
    performer = Performer(log=log or MemoryLedger(), sinks=chosen, world=world, on_receipt=keep, worker=name, pace=pace)
    return Worker(performer, receipts)


async def until(condition: Callable[[], Any], *, timeout_s: float = 5.0) -> None:
    """Return once the condition holds."""
    async with asyncio.timeout(timeout_s):
        for _ in itertools.count():
            if condition():
                return
            await asyncio.sleep(0.002)
