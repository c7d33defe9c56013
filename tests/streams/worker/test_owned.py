"""A partition whose last block never reached the log: no state may say that it did."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from actions.policy import DEFAULT_POLICY
from streams.log.fetched import Fetched
from streams.log.topics import Topics
from streams.pipeline import Plan
from streams.worker.idle import Idleness
from streams.worker.owned import OwnedPartition, may_rest
from tests.kafka.traffic import traffic


class Log:
    """Takes what is written to it, unless it hangs."""

    def __init__(self):
        self.hangs = False
        self.written = []

    async def append(self, topic, records, **_):
        if self.hangs:
            await asyncio.Event().wait()
        self.written += [(topic, each) for each in records]
        return len(self.written)


class Slot:
    """Remembers up to where it was told that the state has seen."""

    position = None

    async def save(self, position, _state):
        self.position = position


class Nothing:
    def take(self, *_):
        """Count nothing."""


async def committed(*_):
    """Commit nothing."""


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def owned(log):
    plan = Plan.of(DEFAULT_POLICY)
    source = plan.source(0, has_arrival=True, partitions=1)
    return OwnedPartition(0, source=source, idleness=Idleness(plan.timing), slot=Slot(), appender=log, topics=Topics())


def records(minutes):
    made = traffic(minutes=minutes, per_second=2, seed=1, late=False)
    rows = enumerate(made)
    return Fetched.of([SimpleNamespace(value=value, offset=at, timestamp=arrival, key=key) for at, (arrival, key, value) in rows])


async def test_a_partition_that_is_let_go_in_the_middle_of_a_send_leaves_no_snapshot(log, owned):
    log.hangs = True
    sending = asyncio.create_task(owned.take(records(1), Nothing()))
    await asyncio.sleep(0.05)
    sending.cancel()
    await asyncio.wait([sending])
    log.hangs = False
    await owned.finish(committed)
    assert (owned._slot.position, log.written) == (None, [])


async def test_a_partition_that_is_let_go_when_all_is_sent_leaves_one(log, owned):
    await owned.take(records(1), Nothing())
    await owned.finish(committed)
    assert owned._slot.position == owned.position > 0
    assert log.written


def due(owned, monkeypatch, *, late_s, course):
    """A partition whose snapshot is late by so much, with its open chunk so far."""
    monkeypatch.setattr(owned, "_due_s", time.monotonic() - late_s)
    monkeypatch.setattr(owned.source, "course", lambda: course)


@pytest.mark.parametrize(
    ("late_s", "course", "saves"), [(-1, 0.5, False), (0, 0.5, True), (0, 0.05, False), (0, 0.9, False), (11, 0.9, True)]
)
async def test_a_snapshot_is_taken_in_the_middle_of_a_chunk_unless_it_waits_for_too_long(owned, monkeypatch, late_s, course, saves):
    await owned.take(records(1), Nothing())
    due(owned, monkeypatch, late_s=late_s, course=course)
    owned.save_if_due(committed)
    await asyncio.sleep(0.05)
    assert (owned._slot.position == owned.position) is saves


@pytest.mark.parametrize(("at_end", "course", "rolls"), [(True, 0.96, True), (True, 0.9, False), (False, 0.96, False)])
async def test_most_of_a_chunk_is_rolled_up_just_before_its_end_where_nothing_else_waits(owned, monkeypatch, at_end, course, rolls):
    await owned.take(records(1), Nothing())
    due(owned, monkeypatch, late_s=0, course=course)
    owned.at_end = at_end
    owned.roll_ahead()
    assert (owned.source._open._ahead is not None) is rolls


def test_a_worker_rests_where_all_was_read_and_no_window_is_about_to_end():
    def at(at_end, course):
        return SimpleNamespace(at_end=at_end, source=SimpleNamespace(course=lambda: course))

    assert may_rest([at(True, 0.0), at(True, 0.94)])
    assert not may_rest([at(True, 0.5), at(True, 0.96)])
    assert not may_rest([at(True, 0.5), at(False, 0.5)])
    assert not may_rest([])
