"""A stage that was stopped in the middle of a record: no snapshot may say that what it led to was written."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from streams.errors import BrokerError
from streams.worker.stateful import Stateful


class Counting:
    """A stage that counts what it took, and writes for as long as it is told."""

    final = False
    at_rest = True

    def __init__(self, write):
        self.next_offset = 0
        self._write = write

    @property
    def needed_from(self):
        return self.next_offset

    async def take(self, offset, _record):
        self.next_offset = offset + 1
        await self._write()

    def snapshot(self):
        return {}

    def restore(self, position, _state):
        self.next_offset = position


class Snapshots:
    """One slot that is empty."""

    def __init__(self):
        self.slot = SimpleNamespace(position=None, save=self.save)

    async def open(self, _key):
        return self.slot, None

    async def save(self, position, _state):
        self.slot.position = position


class Stream:
    """Events of a Faust stream, one and then no more."""

    def noack(self):
        return self

    async def events(self):
        message = SimpleNamespace(offset=0, key=b"k", value=b"v", headers=())
        yield SimpleNamespace(message=message, ack=lambda: None)
        await asyncio.Event().wait()


async def for_ever():
    await asyncio.Event().wait()


async def refused():
    raise BrokerError("too large")


@pytest.mark.parametrize("write", [for_ever, refused], ids=["cut short", "refused"])
async def test_a_stage_that_did_not_write_what_it_found_leaves_no_snapshot(write):
    snapshots = Snapshots()
    stateful = Stateful("one", topic="t", snapshots=snapshots, losses=None, new=lambda: Counting(write))
    await stateful.assigned()
    reading = asyncio.create_task(stateful.read(Stream()))
    await asyncio.sleep(0.05)
    reading.cancel()
    await asyncio.wait([reading])
    await stateful.save()
    assert snapshots.slot.position is None
    if stateful.failed.done():
        assert isinstance(stateful.failed.exception(), BrokerError)


async def soon():
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("at_rest", "late_s", "saves"), [(True, 0, True), (False, 0, False), (False, 11, True), (True, -60, False)]
)
async def test_a_snapshot_waits_for_a_stage_at_rest_but_not_for_ever(monkeypatch, at_rest, late_s, saves):
    snapshots = Snapshots()
    stateful = Stateful("one", topic="t", snapshots=snapshots, losses=None, new=lambda: Counting(soon))
    await stateful.assigned()
    stateful.stage.at_rest = at_rest
    reading = asyncio.create_task(stateful.read(Stream()))
    await asyncio.sleep(0.05)
    monkeypatch.setattr(stateful, "_due_s", time.monotonic() - late_s)
    monkeypatch.setattr("streams.worker.stateful.LOOK_S", 0.01)
    keeping = asyncio.create_task(stateful.keep())
    await asyncio.sleep(0.1)
    for task in (keeping, reading):
        task.cancel()
    await asyncio.wait([keeping, reading])
    assert (snapshots.slot.position == 1) is saves
