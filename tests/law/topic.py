"""A log -> a telemetry topic; and what the service wrote to its topics -> facts, budgets and dead letters, to be compared."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np

from actions.policy import Policy
from detectors.anomaly import BudgetState
from streams.log.judgement_wire import Judgements
from streams.log.kafka import TopicPartition
from streams.log.wire import Assembly, record_of
from streams.pipeline import Plan
from streams.simulate.arrivals import Arrivals
from streams.simulate.produce import TopicSink
from tests.kafka.service import Service
from tests.law.answers import FactsDigest, spent
from tests.law.log import Keying, Log

SLICE = 20_000


def fill(service: Service, log: Log, keying: Keying, partitions: int) -> None:
    """Write a log to the telemetry topic of a service, with its arrivals as timestamps."""
    service.create(partitions)
    asyncio.run(_fill(service, log, log.keys(keying), partitions))


async def _fill(service: Service, log: Log, keys: Sequence[bytes], partitions: int) -> None:
    producer = await service.kafka.producer()
    try:
        sink = TopicSink(producer, service.topics.telemetry, partitions=partitions)
        for at in range(0, len(log), SLICE):
            part = slice(at, at + SLICE)
            values: list[Any] = log.values[part]
            await sink.write(Arrivals(values, list(keys[part]), np.array(log.arrivals_ms[part], np.int64)))
    finally:
        await producer.stop()


async def _records(service: Service, topic: str) -> AsyncIterator[Any]:
    """All records of a topic of one partition, in order."""
    tps = [TopicPartition(topic, 0)]
    async with service.kafka.reading(tps) as consumer:
        async for record in service.kafka.to_the_end(consumer, tps):
            yield record


def facts_of(service: Service, policy: Policy, partitions: int) -> dict[int, str]:
    """The digests of all windows that the blocks on `tidegate.windows` make."""
    return asyncio.run(_facts(service, policy, partitions))


async def _facts(service: Service, policy: Policy, partitions: int) -> dict[int, str]:
    join, assembly, digest = Plan.of(policy).join(range(partitions)), Assembly(), FactsDigest()
    async for record in _records(service, service.topics.windows):
        arrived = assembly.add(record.offset, record_of(record.key, record.value, record.headers))
        if arrived is not None:
            join.add(arrived.sealed)
            for facts in join.complete():
                digest.take(facts)
    for facts in join.close():
        digest.take(facts)
    return digest.windows


def budgets_of(service: Service) -> dict[tuple[str, str], Any]:
    """Dollars by budget and period, as the judgements on `tidegate.anomalies` said last."""
    return asyncio.run(_budgets(service))


async def _budgets(service: Service) -> dict[tuple[str, str], Any]:
    judgements, states = Judgements(), list[BudgetState]()
    async for record in _records(service, service.topics.anomalies):
        judgement = judgements.add(record.offset, record_of(record.key, record.value, record.headers))
        states += judgement.budgets if judgement is not None else ()
    return spent(states)


def dead_letters_of(service: Service) -> dict[bytes, bytes]:
    """Reason of each refused record by its place; one that was written more than once counts once."""
    found: dict[bytes, bytes] = {}
    for letter in service.read(service.topics.dead_letters):
        reason = dict(letter.headers)["tidegate-reason"]
        assert found.setdefault(letter.key, reason) == reason
    return found


def forget(service: Service) -> None:
    """Remove all topics of a service but telemetry, so that the next run begins anew: it has no snapshot to go on from."""
    asyncio.run(_forget(service))


async def _forget(service: Service) -> None:
    async with service.kafka.admin() as admin:
        ours = {topic.name for topic in (*service.topics.declared(), *service.topics.sources())} - {service.topics.telemetry}
        made = ours & set(await admin.list_topics())
        await admin.delete_topics(sorted(made))
        async with asyncio.timeout(30):
            while made & set(await admin.list_topics()):  # noqa: ASYNC110 (Kafka tells nobody when a topic is gone)
                await asyncio.sleep(0.1)
