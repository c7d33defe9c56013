"""Names of topics -> topics that can be used at once."""

import asyncio
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def create_topics(
    bootstrap: str,
    topics: Mapping[str, int],
    *,
    replicas: int = 1,
    configs: Mapping[str, str] | None = None,
) -> None:
    """Create topics (name to number of partitions) and return when every partition has a leader.

    A client's first request for metadata may come before a topic has leaders, and then waits for its retry back-off.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(name, count, replicas, topic_configs=dict(configs or {})) for name, count in topics.items()]
        )
        async with asyncio.timeout(30):
            while not await _led(admin, topics):  # noqa: ASYNC110 (Kafka tells nobody when a leader is there)
                await asyncio.sleep(0.02)
    finally:
        await admin.close()


async def _led(admin: AIOKafkaAdminClient, topics: Mapping[str, int]) -> bool:
    described = await admin.describe_topics(list(topics))
    leaders = {topic["topic"]: [partition["leader"] for partition in topic["partitions"]] for topic in described}
    return all(len(leaders.get(name, [])) == count and min(leaders[name]) >= 0 for name, count in topics.items())
