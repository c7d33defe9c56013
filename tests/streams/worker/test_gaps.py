"""Where a source partition goes on: after what was read, after a gap that lost something or nothing, or before what was read."""

from types import SimpleNamespace

import pytest

from streams.errors import BrokerError
from streams.log.fetched import Fetched
from streams.log.kafka import TopicPartition
from streams.log.lost import Losses
from streams.now import Now
from streams.settings import Clock
from streams.worker.gaps import Gaps

TP = TopicPartition("telemetry", 3)


class Owned:
    """A partition that was read up to 7; remembers what it was told of."""

    def __init__(self):
        self.position, self.lost, self.taken = 7, [], []

    async def lose(self, start, *, until_ms):
        self.lost.append((self.position, start, until_ms))
        self.position = start

    async def take(self, fetched, _metrics):
        self.taken += fetched.values
        self.position = fetched.offset + 1


async def stepped(offset, *, start):
    """The partition and what was counted, when the log begins at `start` and goes on at `offset`."""
    told = []
    gaps = Gaps(Losses(None, lambda *each: told.append(each)), Now(Clock.STREAM))

    async def beginning(_):
        return {TP: start}

    owned = Owned()
    record = SimpleNamespace(offset=offset, timestamp=1_000, key=None, value=b"{}")
    await gaps.take(SimpleNamespace(beginning_offsets=beginning), TP, owned, Fetched.of([record]), None)
    return owned, told


async def test_a_record_that_follows_is_taken_and_nobody_is_asked():
    owned, told = await stepped(7, start=None)
    assert (owned.lost, told, len(owned.taken)) == ([], [], 1)


async def test_what_the_log_lost_is_named_before_what_follows_is_taken(caplog):
    owned, told = await stepped(20, start=18)
    assert owned.lost == [(7, 18, 1_000)]
    assert told == [("telemetry", 11)]
    assert "telemetry/3 has lost its records 7 to 17" in caplog.text
    assert owned.position == 21


async def test_a_gap_that_a_transaction_or_compaction_left_has_lost_nothing():
    owned, told = await stepped(9, start=0)
    assert (owned.lost, told, owned.position) == ([], [], 10)


async def test_a_log_whose_end_was_lost_is_not_read_again():
    with pytest.raises(BrokerError, match=r"telemetry/3 goes on at offset 2, and was read up to 7"):
        await stepped(2, start=0)
