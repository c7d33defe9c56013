"""A consumer that asks for bare records gets them as columns, and every other one what aiokafka makes of them."""

from types import SimpleNamespace

import pytest
from aiokafka.consumer import fetcher
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.log.bare import bare
from streams.log.fetched import Fetched
from tests.streams.log.answers import batch

TP = TopicPartition("telemetry", 0)
RAW = batch([(at, 1_000 + at, b"k", b"%d" % at) for at in range(6)], base=10)


class State:
    """A partition of an assignment."""

    paused = False

    def __init__(self, position):
        self.position = position

    def consumed_to(self, position):
        self.position = position


def result(deserializer, state):
    """What a consumer with this value deserializer has fetched from a position on."""
    records = fetcher.PartitionRecords(TP, fetcher.MemoryRecords(RAW), [], state.position, None, deserializer, True, 0)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    return fetcher.FetchResult(TP, assignment=assignment, partition_records=records, backoff=0)


def test_records_come_as_columns_and_the_position_follows_them():
    state = State(11)
    fetched = result(bare, state)
    first = fetched.getall(2)
    assert (first.offsets.tolist(), state.position, fetched.has_more()) == ([11, 12], 13, True)
    rest = fetched.getall(100)
    assert (rest.offsets.tolist(), state.position, fetched.has_more()) == ([13, 14, 15], 16, False)
    assert fetched.getall(100) == []


def test_a_position_that_was_moved_makes_what_was_fetched_worthless():
    state = State(10)
    fetched = result(bare, state)
    fetched.getall(2)
    state.position = 10
    assert fetched.getall(2) == []
    assert (state.position, fetched.has_more()) == (10, False)


def test_a_paused_partition_hands_nothing_out():
    state = State(10)
    state.paused = True
    assert result(bare, state).getall() == []
    assert state.position == 10


@pytest.mark.parametrize("most", [None, 2])
def test_only_who_asks_gets_bare_records(most):
    assert isinstance(result(bare, State(10)).getall(most), Fetched)
    whole = result(None, State(10)).getall(most)
    assert [each.offset for each in whole] == list(range(10, 10 + (most or 6)))
    assert all(isinstance(each, ConsumerRecord) for each in whole)
