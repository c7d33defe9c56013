"""Log segments that are gone under a service that stands still: telemetry or blocks unread, and one broker's copies of all."""

import asyncio
import itertools
import shutil
import time
from collections.abc import Iterator
from random import Random

from aiokafka.admin import RecordsToDelete

from streams.log.kafka import TopicPartition
from tests.faults.injections.brokers import one_killed
from tests.faults.injections.injected import Injected
from tests.faults.recovery import disturbed_s, recovered_s
from tests.faults.rig import Rig

UNREAD_S = 15.0
WRITER = "writer"


def lost_segments(its: Rig, chance: Random) -> Iterator[Injected]:
    """In turn: unread heads of source partitions are deleted, the unread head of the blocks, and all that one broker has."""
    for lose in itertools.cycle((_telemetry, _blocks, _copies)):
        yield lose(its, chance)


def _telemetry(its: Rig, chance: Random) -> Injected:
    """Nobody works for 15 s, and some of what comes meanwhile is deleted; recovery counts from the start of the workers."""
    names = _stop_all(its)
    time.sleep(UNREAD_S)
    topic = its.service.topics.telemetry
    for partition in sorted(chance.sample(range(its.setting.partitions), chance.randint(1, its.setting.partitions))):
        _delete_unread(its, chance, TopicPartition(topic, partition), "ingest")
    return _restart(its, names)


def _blocks(its: Rig, chance: Random) -> Injected:
    """Nobody judges for 15 s while stage 1 goes on, and some of the blocks that it writes are deleted."""
    names = _stop_all(its)
    its.start(WRITER, "--role", "ingest").wait_ready()
    time.sleep(UNREAD_S)
    its.stop(WRITER)
    _delete_unread(its, chance, TopicPartition(its.service.topics.windows, 0), "detect")
    return _restart(its, names)


def _copies(its: Rig, chance: Random) -> Injected:
    """A broker dies, and comes back without any of its copies: it has to fetch them from the others."""
    cluster, node, spent_s = one_killed(its, chance)
    for folder in (cluster.data / f"node-{node.number}").glob(f"{its.setting.prefix}*"):
        shutil.rmtree(folder)
    node.start()
    cluster.wait_until_ready()
    again_s = disturbed_s(its, time.monotonic())
    return Injected(recovery_s=None if again_s is None else spent_s)


def _stop_all(its: Rig) -> list[str]:
    """In order: what was read is in a snapshot then, so that what is named as lost is what nobody has read."""
    names = sorted(its.workers)
    for name in names:
        its.stop(name)
    return names


def _restart(its: Rig, names: list[str]) -> Injected:
    began_s = time.monotonic()
    for name in names:
        its.start(name)
    return Injected(recovery_s=recovered_s(its, began_s))


def _delete_unread(its: Rig, chance: Random, tp: TopicPartition, role: str) -> None:
    """Delete the head of a partition to somewhere between what a group has acknowledged and the end."""
    read = asyncio.run(_acknowledged(its, its.service.topics.group(role), tp))
    end = its.kept.remember(its.service, tp)[-1].offset + 1
    asyncio.run(_delete(its, tp, chance.randint(min(read + 1, end), end)))


async def _acknowledged(its: Rig, group: str, tp: TopicPartition) -> int:
    async with its.service.kafka.admin() as admin:
        return int((await admin.list_consumer_group_offsets(group, partitions=[tp]))[tp].offset)


async def _delete(its: Rig, tp: TopicPartition, offset: int) -> None:
    async with its.service.kafka.admin() as admin:
        await admin.delete_records({tp: RecordsToDelete(before_offset=offset)})
