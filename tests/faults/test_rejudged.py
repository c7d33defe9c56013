"""The law by stages: what every stage made of its log is what there is to be made of it, and anything else is seen."""

from types import SimpleNamespace

import pytest

from actions.policy import DEFAULT_POLICY
from detectors.canonical import encode
from streams.batch import Batch
from streams.log.append import Record
from streams.log.topics import Topics
from streams.log.wire import records_of
from streams.pipeline import Plan
from tests.faults.rejudged import rejudged, unlike_answers, unlike_blocks
from tests.kafka.traffic import traffic

PLAN, TOPICS = Plan.of(DEFAULT_POLICY), Topics()


def source():
    return PLAN.source(0, has_arrival=True, partitions=1)


def evidence():
    """What a service without faults leaves: telemetry, all blocks of it, and what they led to."""
    made = list(traffic(minutes=10, per_second=10, seed=3))
    values = [(offset, value) for offset, (_, _, value) in enumerate(made)]
    found = SimpleNamespace(telemetry={0: values}, arrivals_ms={0: [at_ms for at_ms, _, _ in made]}, last_window_end="9999")
    chunks = dict(blocks(found))
    found.blocks = {(0, chunk): each for chunk, each in chunks.items()}
    found.windows = list(enumerate(record for each in chunks.values() for record in records_of(each)))
    outputs = rejudged(PLAN, found.windows, [0])
    found.raw = {
        TOPICS.anomalies: [encode(each) for each in outputs.anomalies.values()],
        TOPICS.decisions: [encode(each) for each in outputs.decisions.values()],
    }
    assert found.raw[TOPICS.anomalies]
    return found


def blocks(found):
    partition, values = source(), found.telemetry[0]
    batch = Batch([value for _, value in values], [offset for offset, _ in values], found.arrivals_ms[0])
    for sealed in [*partition.feed(batch), partition.sealed_so_far()]:
        yield sealed.marker.chunk, sealed


def test_what_nothing_disturbed_is_as_it_has_to_be():
    found = evidence()
    assert list(unlike_blocks(PLAN, found)) == []
    assert list(unlike_answers(PLAN, found, TOPICS, [])) == []


def drop_a_record(found):
    del found.telemetry[0][50], found.arrivals_ms[0][50]


def drop_a_block(found):
    del found.blocks[sorted(found.blocks)[3]]


@pytest.mark.parametrize("disturb", [drop_a_record, drop_a_block])
def test_a_block_that_is_not_what_the_records_give_is_seen(disturb):
    found = evidence()
    disturb(found)
    assert list(unlike_blocks(PLAN, found)) != []


def test_an_anomaly_too_many_or_too_few_is_seen():
    found = evidence()
    found.raw[TOPICS.anomalies].append(b'{"window_end":""}')
    assert len(list(unlike_answers(PLAN, found, TOPICS, []))) == 1
    del found.raw[TOPICS.anomalies][0]
    assert len(list(unlike_answers(PLAN, found, TOPICS, []))) == 2


def test_blocks_that_were_lost_are_taken_into_account():
    found = evidence()
    half = len(found.windows) // 2
    whole, less = rejudged(PLAN, found.windows, [0]), rejudged(PLAN, found.windows, [0], lost=[range(half, half + 5)])
    assert whole.anomalies.keys() != less.anomalies.keys()
    assert any("without some of its blocks" in each.reason for each in less.anomalies.values())


def test_a_record_that_is_nothing_changes_nothing():
    found = evidence()
    found.windows.insert(0, (-1, Record(b"k", None)))
    assert list(unlike_answers(PLAN, found, TOPICS, [])) == []
