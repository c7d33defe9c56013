"""Settings of a cluster -> consumers, producers and topics. The only file that builds aiokafka's clients.

aiokafka carries no types, so its objects are `Any` here, and what they mean is said in words.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment as MemberAssignment
from aiokafka.errors import IllegalStateError, KafkaError, for_code

from streams.errors import BrokerError
from streams.log.bare import bare
from streams.log.topics import MESSAGE_BYTES, Topic
from streams.settings import KafkaSettings

log = logging.getLogger("tidegate.kafka")

__all__ = ["ConsumerRebalanceListener", "IllegalStateError", "Kafka", "KafkaError", "TopicPartition"]

SESSION_MS = 8_000
HEARTBEAT_MS = 2_000
REQUEST_MS = 20_000
LEADER_S = 30.0
SILENT_S = 20.0
REPLICAS = 3
"""Copies of a topic that we create, where there are as many brokers."""
TOPIC_EXISTS = 36
DENIED = {29, 30, 31}
"""Topic, group and cluster authorization failed."""
FETCH_BYTES = MESSAGE_BYTES
"""Of a partition at once: the largest record."""
TELEMETRY_BYTES = MESSAGE_BYTES
"""Of telemetry at once, and a quarter of it of a partition: more comes in memory that the system has to clear every time."""


class Kafka:
    """Makes clients of one cluster, all with the same addresses and security.

    Args:
        settings: Where and who.
        client_id: What the broker's logs call us.
    """

    def __init__(self, settings: KafkaSettings, *, client_id: str = "tidegate") -> None:
        self.settings = settings
        self._idempotent: bool | None = None
        self._common: dict[str, Any] = {
            "bootstrap_servers": list(settings.bootstrap),
            "client_id": client_id,
            "request_timeout_ms": REQUEST_MS,
            **_security(settings),
        }

    def consumer(self, *topics: str, **changes: Any) -> Any:
        """A consumer without a group and without automatic commits, from the beginning, not started; `changes` win."""
        return AIOKafkaConsumer(
            *topics,
            **{
                **self._common,
                "group_id": None,
                "enable_auto_commit": False,
                "auto_offset_reset": "earliest",
                "isolation_level": "read_committed",
                "max_partition_fetch_bytes": FETCH_BYTES,
                "fetch_max_wait_ms": 250,
                **changes,
            },
        )

    def member(self, group: str, *, instance: str | None) -> Any:
        """A consumer of a group, static when `instance` is given, not started, subscribed to nothing yet, with bare records."""
        return self.consumer(
            value_deserializer=bare,
            fetch_max_bytes=TELEMETRY_BYTES,
            max_partition_fetch_bytes=TELEMETRY_BYTES // 4,
            group_id=group,
            group_instance_id=instance,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
        )

    async def producer(self) -> Any:
        """A started producer that waits for all replicas; idempotent unless the broker cannot (Tansu refuses at once).

        Raises:
            BrokerError: when Kafka does not answer.
        """
        if self._idempotent is not False:
            producer = self._new_producer(idempotent=True)
            try:
                with _quiet("aiokafka.producer.sender"):
                    await producer.start()
            except KafkaError as error:
                await producer.stop()
                if self._idempotent or not await self._answers():
                    raise self.unreachable(error) from error
                log.warning("this broker has no idempotent producers; repeats are told apart by their ids alone")
            else:
                self._idempotent = True
                return producer
        self._idempotent = False
        producer = self._new_producer(idempotent=False)
        await self.start(producer)
        return producer

    def _new_producer(self, *, idempotent: bool) -> Any:
        return AIOKafkaProducer(
            **self._common,
            acks="all",
            enable_idempotence=idempotent,
            max_batch_size=MESSAGE_BYTES - 4096,
            max_request_size=MESSAGE_BYTES,
        )

    async def _answers(self) -> bool:
        try:
            async with self.admin():
                return True
        except BrokerError:
            return False

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[Any]:
        """An admin client, closed afterwards.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        admin = AIOKafkaAdminClient(**self._common)
        try:
            await admin.start()
        except (KafkaError, OSError) as error:
            await admin.close()
            raise self.unreachable(error) from error
        try:
            yield admin
        finally:
            await admin.close()

    async def start(self, client: Any) -> None:
        """Start a client.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        try:
            await client.start()
        except (KafkaError, OSError) as error:
            await client.stop()
            raise self.unreachable(error) from error

    @asynccontextmanager
    async def reading(self, partitions: Sequence[TopicPartition]) -> AsyncIterator[Any]:
        """A started consumer that is assigned `partitions` by hand and stands at their beginning.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        consumer = self.consumer()
        await self.start(consumer)
        try:
            consumer.assign(list(partitions))
            await consumer.seek_to_beginning(*partitions)
            yield consumer
        finally:
            await consumer.stop()

    async def to_the_end(self, consumer: Any, partitions: Sequence[TopicPartition]) -> AsyncIterator[Any]:
        """The records of `partitions` from where the consumer stands to the ends found now, in the order of each partition.

        Raises:
            BrokerError: when Kafka answers no more.
        """
        ends, starts = await consumer.end_offsets(partitions), await consumer.beginning_offsets(partitions)
        waiting, heard_s = {tp for tp in partitions if ends[tp] > starts[tp]}, time.monotonic()
        while waiting:
            for records in (await consumer.getmany(*waiting, timeout_ms=250)).values():
                heard_s = time.monotonic()
                for record in records:
                    yield record
            waiting = {tp for tp in waiting if await consumer.position(tp) < ends[tp]}
            if time.monotonic() - heard_s > SILENT_S:
                raise BrokerError(f"Kafka does not give what it has of {min(waiting).topic}")

    async def ensure(self, topics: Iterable[Topic]) -> dict[str, int]:
        """Create what is missing, wait until all have leaders, and tell how many partitions each has.

        Raises:
            BrokerError: when a topic is missing and may not be created, or gets no leader in 30 s.
        """
        wanted = {topic.name: topic for topic in topics}
        async with self.admin() as admin:
            missing = [wanted[name] for name in wanted.keys() - set(await admin.list_topics())]
            if missing:
                await _create(admin, missing)
            try:
                async with asyncio.timeout(LEADER_S):
                    while len(counts := await _led(admin, list(wanted))) < len(wanted):  # noqa: ASYNC110 (Kafka tells nobody)
                        await asyncio.sleep(0.05)
            except TimeoutError as error:
                raise BrokerError(f"no leader for the topics {', '.join(sorted(wanted.keys() - counts.keys()))}") from error
        return counts

    async def unled(self, topic: str) -> set[int]:
        """The partitions of a topic that have no leader now.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        async with self.admin() as admin:
            described = await admin.describe_topics([topic])
        return {each["partition"] for one in described for each in one["partitions"] if each["leader"] < 0}

    async def owned(self, group: str, topic: str) -> set[int]:
        """The partitions of a topic that a member of a group has.

        Raises:
            BrokerError: when Kafka does not answer.
        """
        async with self.admin() as admin:
            answers = [answer.to_object() for answer in await admin.describe_consumer_groups([group])]
        members = [member for answer in answers for one in answer["groups"] for member in one["members"]]
        given = [MemberAssignment.decode(each["member_assignment"]) for each in members if each["member_assignment"]]
        return {tp.partition for each in given for tp in each.partitions() if tp.topic == topic}

    def unreachable(self, error: BaseException) -> BrokerError:
        """The error for a person when a client could not start."""
        where = ",".join(self.settings.bootstrap)
        return BrokerError(f"Kafka at {where} cannot be used: {error or type(error).__name__}")


async def _create(admin: Any, topics: Iterable[Topic]) -> None:
    brokers = len((await admin.describe_cluster())["brokers"])
    replicas = min(REPLICAS, brokers)
    new = [NewTopic(topic.name, topic.partitions, replicas, topic_configs=dict(topic.config)) for topic in topics]
    for name, code, *_ in (await admin.create_topics(new)).topic_errors:
        _check_created(name, code)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """What a library says of a failure that is expected is not logged."""
    logger = logging.getLogger(name)
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


def _check_created(name: str, code: int) -> None:
    if code in (0, TOPIC_EXISTS):
        return
    if code in DENIED:
        raise BrokerError(f"topic {name} is missing and may not be created by this user")
    raise BrokerError(f"topic {name} cannot be created: {for_code(code).__name__}")


async def _led(admin: Any, names: list[str]) -> dict[str, int]:
    """Topics whose partitions all have a leader, and how many those are."""
    counts = {}
    for each in await admin.describe_topics(names):
        leaders = [partition["leader"] for partition in each["partitions"]]
        if each["error_code"] == 0 and leaders and min(leaders) >= 0:
            counts[str(each["topic"])] = len(leaders)
    return counts


def _security(settings: KafkaSettings) -> Mapping[str, Any]:
    security = settings.security
    keywords: dict[str, Any] = {"security_protocol": security.protocol}
    if security.mechanism:
        keywords |= {
            "sasl_mechanism": security.mechanism,
            "sasl_plain_username": security.username,
            "sasl_plain_password": security.password,
        }
    if security.tls:
        keywords["ssl_context"] = tls_context(settings)
    return keywords


def tls_context(settings: KafkaSettings) -> ssl.SSLContext:
    """TLS that checks the broker's name, with the files that the settings name, else the system's authorities."""
    security = settings.security
    context = ssl.create_default_context(cafile=str(security.ca_file) if security.ca_file else None)
    if security.cert_file:
        context.load_cert_chain(str(security.cert_file), str(security.key_file) if security.key_file else None)
    return context
