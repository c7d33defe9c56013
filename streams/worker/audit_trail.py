"""What was decided, done and asked for -> entries of the hash chain in `tidegate.audit`, each thing once."""

import asyncio
from typing import Any

import msgspec

from actions.audit import Chain, Entry, encode_entry
from actions.control import Control
from actions.decision import Decision
from actions.receipt import Receipt
from detectors.canonical import time_text
from streams.log.append import Appender, Record
from streams.log.kafka import Kafka, TopicPartition
from streams.log.topics import Topics
from streams.now import wall_ms

_entry = msgspec.json.Decoder(Entry)


class AuditTrail:
    """The writer of the chain; opened by the worker that acts. A second writer at the same time shows as a fork."""

    def __init__(self, *, kafka: Kafka, appender: Appender, topics: Topics, writer: str) -> None:
        self._kafka = kafka
        self._appender = appender
        self._topic = topics.audit
        self._writer = writer
        self._chain = Chain(writer)
        self._known: set[tuple[str, str]] = set()
        self._policy: Any = None
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Read the chain, to go on at its end.

        Raises:
            BrokerError: when it cannot be read.
        """
        last: Entry | None = None
        self._known, self._policy = set(), None
        tp = TopicPartition(self._topic, 0)
        async with self._kafka.reading([tp]) as consumer:
            async for record in self._kafka.to_the_end(consumer, [tp]):
                last = _entry.decode(record.value)
                self._remember(last.kind, last.body)
        self._chain = Chain(self._writer, last=last)

    def _remember(self, kind: str, body: Any) -> None:
        if kind == "policy":
            self._policy = body
        else:
            self._known.add((kind, _id_of(body)))

    async def policy(self, version: str, mode: str) -> None:
        """This policy governs from now on; written when it differs from the last one."""
        body = {"version": version, "mode": mode}
        if body != self._policy:
            await self._write("policy", body)

    async def decision(self, decision: Decision) -> None:
        """A decision was taken."""
        await self._once("decision", decision.id, decision)

    async def control(self, control: Control) -> None:
        """Somebody asked for something."""
        await self._once("control", control.id, control)

    async def receipt(self, receipt: Receipt) -> None:
        """A decision has a receipt; one that waits for a person has two."""
        await self._once("receipt", _receipt_key(receipt), receipt)

    def has_receipt(self, receipt: Receipt) -> bool:
        """Whether it is in the chain."""
        return ("receipt", _receipt_key(receipt)) in self._known

    async def _once(self, kind: str, key: str, body: Any) -> None:
        if (kind, key) not in self._known:
            await self._write(kind, msgspec.to_builtins(body))

    async def _write(self, kind: str, body: Any) -> None:
        async with self._turn:
            entry = self._chain.append(at=time_text(wall_ms()), kind=kind, body=body)
            await self._appender.append(self._topic, [Record(str(entry.seq).encode(), encode_entry(entry))])
            self._remember(kind, entry.body)


def _receipt_key(receipt: Receipt) -> str:
    return f"{receipt.decision_id}/{receipt.outcome}"


def _id_of(body: Any) -> str:
    return f"{body['decision_id']}/{body['outcome']}" if "outcome" in body else str(body["id"])
