"""A worker's durable steps -> the names under which a process may end itself just before or just after one of them.

Nothing in the product knows of this: the few seams through which everything durable goes are wrapped from outside.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from actions.http_client import HttpClient, Request
from actions.ledger import decode_record
from streams.log.append import Appender, Record
from streams.log.snapshot import Snapshots
from streams.worker.ingest import Ingest
from streams.worker.ledger_kafka import KafkaLedger

KILLED = 137
"""Exit code of a process that ends itself; that of one that was killed, as shells tell it."""

STEPS: dict[str, str] = {
    "dead_letter": "a refused record is written",
    "block": "a block is written to tidegate.windows",
    "judgement": "the anomalies of a window and its marker are written",
    "incident": "incidents of a window are written",
    "decision": "decisions of a window are written",
    "proposed": "a decision is written to the ledger",
    "claim": "a claim is written to the ledger",
    "read_back": "a ledger record is read back by the tail",
    "call": "a receiver is called; after: it has answered, and nobody was told yet",
    "quota": "a quota is published",
    "settled": "the receipt is written to the ledger",
    "receipt": "the receipt is written to tidegate.receipts",
    "audit": "an entry is written to the audit chain",
    "snapshot_ingest": "a snapshot of a source partition is written",
    "snapshot_detect": "a snapshot of stage 2 is written",
    "snapshot_act": "a snapshot of stage 3 is written",
    "commit_ingest": "the group's offset of telemetry is committed",
    "commit_stage": "Faust commits the group's offset of a stage",
    "restore": "a snapshot is read back",
}
"""Every durable step, in the order of travel. A label is `step.before` or `step.after`; snapshots have `step.torn`, too."""
ACTING = ("decision", "proposed", "claim", "read_back", "call", "quota", "settled", "receipt", "audit")
"""Steps on the way of one decision."""
TORN = ("judgement", "snapshot_ingest", "snapshot_detect", "snapshot_act")
"""Steps of several records of which the first ones may be there without the last: its marker, or its manifest."""


def labels(kind: str, *, only: Sequence[str] = tuple(STEPS)) -> list[str]:
    """All labels under a pending decision of a kind; quotas are published for throttles only."""
    steps = [step for step in STEPS if step in only and (step != "quota" or kind == "throttle")]
    found = [f"{step}.{when}" for step in steps for when in ("before", "after")]
    return found + [f"{step}.torn" for step in steps if step in TORN]


@dataclass(slots=True)
class Trap:
    """Ends the process at the `count`-th time that `label` is reached; what is not on a decision's way counts from the first on."""

    label: str
    count: int = 1
    armed: bool = False

    @classmethod
    def parse(cls, text: str) -> "Trap":
        """The trap of `label#n`, or of `label`.

        Raises:
            ValueError: when there is no such step.
        """
        label, _, count = text.partition("#")
        step, _, when = label.partition(".")
        if step not in STEPS or when not in {"before", "after", "torn"}:
            raise ValueError(f"no such crash point: {text}")
        return cls(label, int(count or 1), armed=step in (*ACTING, "restore"))

    def reach(self, step: str, when: str) -> None:
        """The worker is at this step."""
        if step == "decision" and when == "after":
            self.armed = True
        if self.armed and self.label == f"{step}.{when}":
            self.count -= 1
            if self.count == 0:
                os._exit(KILLED)


def step_of(topic: str, records: Sequence[Record]) -> str:
    """The step that writing these records is; "" for one that is none."""
    name = topic.rpartition("tidegate.")[2]
    if name == "state":
        return f"snapshot_{records[0].key.partition(b'/')[0].decode()}"
    if name == "ledger":
        kind = type(decode_record(records[0].value or b"")).__name__.lower()
        return {"proposed": "proposed", "claim": "claim", "settled": "settled"}[kind]
    if topic.endswith("telemetry.dlq"):
        return "dead_letter"
    known = {"windows": "block", "anomalies": "judgement", "incidents": "incident", "decisions": "decision", "quotas": "quota"}
    return known.get(name, {"receipts": "receipt", "audit": "audit"}.get(name, ""))


def lay(trap: Trap) -> None:
    """Wrap the seams of this process."""
    _wrap_append(trap)
    _wrap(trap, KafkaLedger, "applied", "read_back")
    _wrap(trap, Ingest, "_commit", "commit_ingest")
    _wrap(trap, AIOKafkaConsumerThread, "_commit", "commit_stage")
    _wrap(trap, Snapshots, "open", "restore")
    _wrap(trap, HttpClient, "call", "call", unless=lambda request: isinstance(request, Request) and request.method != "POST")


def _wrap(trap: Trap, owner: type, name: str, step: str, unless: Callable[[Any], bool] = lambda _: False) -> None:
    inner = getattr(owner, name)

    async def outer(self: Any, first: Any, *rest: Any, **named: Any) -> Any:
        if unless(first):
            return await inner(self, first, *rest, **named)
        trap.reach(step, "before")
        answer = await inner(self, first, *rest, **named)
        trap.reach(step, "after")
        return answer

    setattr(owner, name, outer)


def _wrap_append(trap: Trap) -> None:
    inner = Appender.append

    async def outer(self: Appender, topic: str, records: Sequence[Record], *, partition: int = 0) -> int:
        step = step_of(topic, records) if records else ""
        trap.reach(step, "before")
        if trap.label == f"{step}.torn" and trap.armed and len(first := _without_the_last(records)):
            await inner(self, topic, first, partition=partition)
            trap.reach(step, "torn")
        offset = await inner(self, topic, records, partition=partition)
        trap.reach(step, "after")
        return offset

    setattr(Appender, "append", outer)  # noqa: B010 (mypy would have a method not be assigned)


def _without_the_last(records: Sequence[Record]) -> Sequence[Record]:
    """What stands before the manifest of a snapshot, or before the last record."""
    ends = [at for at, each in enumerate(records) if each.key.endswith(b"/manifest")]
    return records[: ends[0] if ends else len(records) - 1]
