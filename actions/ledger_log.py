"""Ledger records -> a log that keeps them in order, and the ledger that follows from it."""

import time
from collections.abc import Callable
from typing import Protocol

from actions.ledger import Ledger, LedgerRecord, decode_record, encode_record


class LedgerUnavailableError(Exception):
    """The log does not take or give records now. Controls wait; pages go out under their dedup key alone."""


class LedgerLog(Protocol):
    """The log that workers claim on. `append` and `applied` may raise LedgerUnavailableError and nothing else."""

    @property
    def ledger(self) -> Ledger:
        """The state of what was read so far."""
        ...

    async def append(self, record: LedgerRecord) -> int:
        """Write a record durably (acks=all) and return its offset."""
        ...

    async def applied(self, offset: int) -> None:
        """Return once the record at `offset`, and all before it, was read back into `ledger`."""
        ...


class MemoryLedger:
    """A log in memory. Several workers of one process share it by sharing `records`; each reads it at its own pace."""

    def __init__(self, records: list[bytes] | None = None, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.records = records if records is not None else []
        self._ledger = Ledger()
        self._monotonic = monotonic

    @property
    def ledger(self) -> Ledger:
        """The state of what was read so far; reads what others have written."""
        for offset in range(self._ledger.next_offset, len(self.records)):
            self._ledger.apply(offset, decode_record(self.records[offset]), self._monotonic())
        return self._ledger

    async def append(self, record: LedgerRecord) -> int:
        """Add the record; its index is its offset."""
        self.records.append(encode_record(record))
        return len(self.records) - 1

    async def applied(self, offset: int) -> None:
        """Read up to `offset`."""
        if self.ledger.next_offset <= offset:
            raise LedgerUnavailableError(f"the log ends at {self.ledger.next_offset}, before {offset}")
