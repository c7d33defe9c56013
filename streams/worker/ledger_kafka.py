"""Ledger records -> `tidegate.ledger`, and back by the tail: the log on which workers claim decisions."""

import asyncio
import time

from actions.ledger import Ledger, LedgerRecord, decode_record, encode_record, record_key
from actions.ledger_log import LedgerUnavailableError
from streams.errors import BrokerError
from streams.log.append import Appender, Record

PATIENCE_S = 5.0
"""A ledger that takes longer is unavailable: pages go out without it, controls wait."""


class KafkaLedger:
    """The ledger of a worker. What is written counts when the tail has read it back."""

    def __init__(self, appender: Appender, topic: str) -> None:
        self._appender = appender
        self._topic = topic
        self._ledger = Ledger()
        self._grown = asyncio.Condition()
        self._wakers: set[asyncio.Task[None]] = set()

    @property
    def ledger(self) -> Ledger:
        """What was read so far."""
        return self._ledger

    def take(self, offset: int, record: Record) -> None:
        """The tail has read a record.

        Raises:
            ValueError: when it is none of the ledger.
        """
        try:
            self._ledger.apply(offset, decode_record(record.value or b""), time.monotonic())
        finally:
            waker = asyncio.get_running_loop().create_task(self._wake())
            self._wakers.add(waker)
            waker.add_done_callback(self._wakers.discard)

    async def _wake(self) -> None:
        async with self._grown:
            self._grown.notify_all()

    async def answered(self, decision_id: str) -> None:
        """Return once a decision has a receipt, be it that a person has to agree."""
        async with self._grown:
            await self._grown.wait_for(lambda: self._ledger.standing(decision_id).receipt is not None)

    async def append(self, record: LedgerRecord) -> int:
        """Write a record durably and give its offset.

        Raises:
            LedgerUnavailableError: when that takes more than 5 s.
        """
        value = Record(record_key(record).encode(), encode_record(record))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._appender.append(self._topic, [value])
        except (TimeoutError, BrokerError) as error:
            raise LedgerUnavailableError("the ledger does not take records") from error

    async def applied(self, offset: int) -> None:
        """Return once the record at `offset` was read back.

        Raises:
            LedgerUnavailableError: when that takes more than 5 s.
        """
        try:
            async with asyncio.timeout(PATIENCE_S), self._grown:
                await self._grown.wait_for(lambda: self._ledger.next_offset > offset)
        except TimeoutError as error:
            raise LedgerUnavailableError("the ledger does not give records back") from error
