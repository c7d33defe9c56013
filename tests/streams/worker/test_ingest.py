import asyncio
import contextlib
from types import SimpleNamespace

import pytest

from streams.log.fetched import Fetched
from streams.log.kafka import TopicPartition
from streams.now import Now, wall_ms
from streams.window import Timing
from streams.worker.ends import Ends
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


def fetched(*offsets, arrival_ms=0):
    return Fetched.of([SimpleNamespace(offset=at, timestamp=arrival_ms, key=b"k", value=b"{}") for at in offsets])


def ingest(owned):
    parts = SimpleNamespace(kafka=None, appender=None, snapshots=None, topics=None, losses=None, plan=PLAN, instance=None)
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


@pytest.mark.parametrize(("offsets", "kept"), [([], []), ([3, 4], [3, 4]), ([4, 5, 6], [4]), ([5, 6], [])])
def test_a_run_that_ends_reads_below_its_end_only(offsets, kept):
    made = ingest(None)
    made.ends = Ends({0: 5}, "run")
    assert made._within(TP, fetched(*offsets)).offsets.tolist() == kept


def heard(*, at_end):
    """The skew after a record that arrived 20 s before it was read."""
    metrics = SimpleNamespace(unkeyed=lambda _: None)
    owned = SimpleNamespace(at_end=at_end, idleness=SimpleNamespace(read=lambda _: None))
    made = ingest(owned)
    made._metrics, made._consumer.highwater = metrics, lambda _: 8
    made._hear(TP, fetched(7, arrival_ms=wall_ms() - 20_000))
    return made._skew.ms


def test_a_record_that_was_waited_for_tells_how_clocks_differ():
    assert 20_000 - 1 <= heard(at_end=True) < 25_000  # two clocks are cut to whole milliseconds, each at its own moment


def test_a_record_that_had_been_lying_in_the_log_tells_nothing_of_clocks():
    assert heard(at_end=False) is None


async def test_a_partition_that_comes_twice_is_restored_for_the_second_time_only():
    opened: list[asyncio.Event] = []

    async def slow(_key):
        opened.append(asyncio.Event())
        await opened[-1].wait()
        return None, SimpleNamespace(position=len(opened), state={})

    made = ingest(None)
    made._snapshots = SimpleNamespace(open=slow)
    made._consumer.pause = lambda *_: None
    made.assigned([TP])
    first = made._restoring[TP]
    await asyncio.sleep(0)
    made.assigned([TP])
    await asyncio.sleep(0)
    opened[0].set()
    await asyncio.wait([first])
    assert first.cancelled()
    assert made._restoring[TP] is not first
    made._restoring[TP].cancel()


async def test_a_restore_that_outlives_its_partition_gives_nobody_a_state():
    there = asyncio.Event()

    async def deaf(_key):
        while not there.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await there.wait()
        return None, SimpleNamespace(position=3, state={})

    made = ingest(None)
    made._snapshots = SimpleNamespace(open=deaf)
    made._plan = SimpleNamespace(source=lambda *_, **__: SimpleNamespace(restore=lambda _: None, watermark_ms=None))
    made._consumer.pause, made._consumer.partitions_for_topic = lambda *_: None, lambda _: {0}
    made.assigned([TP])
    task = made._restoring[TP]
    await asyncio.sleep(0)
    await made.released([TP])
    await asyncio.sleep(0)
    there.set()
    await task
    assert made._owned == {}
