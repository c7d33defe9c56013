from types import SimpleNamespace

from streams.log.kafka import TopicPartition
from streams.now import Now
from streams.window import Timing
from streams.worker.ingest import Ingest

PLAN = SimpleNamespace(timing=Timing())
TP = TopicPartition("telemetry", 0)


class Consumer:
    """Remembers where it was put."""

    def __init__(self):
        self.sought = []

    def assignment(self):
        return {TP}

    def seek(self, tp, offset):
        self.sought.append((tp, offset))


def ingest(owned):
    parts = SimpleNamespace(kafka=None, appender=None, snapshots=None, topics=None, plan=PLAN, instance=None)
    made = Ingest(parts=parts, metrics=None, now=Now())
    made._consumer, made._owned = Consumer(), {TP: owned} if owned else {}
    return made


def test_what_was_fetched_for_a_state_follows_it():
    owned = SimpleNamespace(position=7)
    made = ingest(owned)
    assert made._is_next(TP, owned)
    assert made._consumer.sought == []


def test_what_was_fetched_before_a_partition_was_restored_is_fetched_again():
    made = ingest(SimpleNamespace(position=7))
    assert not made._is_next(TP, None)
    assert made._consumer.sought == [(TP, 7)]


def test_what_was_fetched_for_a_partition_that_went_is_nobodys():
    made = ingest(None)
    assert not made._is_next(TP, SimpleNamespace(position=7))
    assert made._consumer.sought == []
