"""`tidegate run --until-end`, or a program like it, over a topic -> what it took; checked and cleared away."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

from bench.child import ChildError, Ran, run
from streams.log.kafka import Kafka
from streams.log.topics import Topics
from tests.kafka.broker import free_ports

Service = Callable[[str, str, Path, str], list[str]]
"""Bootstrap, topic prefix, folder for the answer, address to listen on -> command line."""


def in_full(bootstrap: str, prefix: str, out: Path, http: str) -> list[str]:
    """All roles, the built-in policy."""
    service = [sys.executable, "-m", "streams", "run", "--bootstrap", bootstrap, "--topic-prefix", prefix]
    return [*service, "--until-end", "--out", str(out), "--http", http, "--log-level", "warning"]


def cut_to_one(bootstrap: str, prefix: str, out: Path, http: str) -> list[str]:
    """All roles, one roll-up, no detector."""
    return [sys.executable, "-m", "bench.one_rollup", bootstrap, prefix, str(out), http]


def until_end(service: Service, *, bootstrap: str, kafka: Kafka, prefix: str, sent: int, folder: Path) -> Ran:
    """Run to the end of a topic, then remove what was written, so that the next run begins anew.

    Kafka drops the groups' offsets together with the topics; without a snapshot telemetry is read from its beginning.

    Raises:
        ChildError: when the program fails or has not counted every record.
    """
    out = folder / prefix
    ran = run(service(bootstrap, prefix, out, f"127.0.0.1:{free_ports(1)[0]}"))
    read = json.loads((out / "summary.json").read_text())["usage_records"]
    if read != sent:
        raise ChildError(f"{sent:,} records were sent and {read:,} read")
    asyncio.run(forget(kafka, lambda topic: topic.startswith(prefix) and topic != Topics(prefix).telemetry))
    return ran


async def forget(kafka: Kafka, which: Callable[[str], bool]) -> None:
    """Remove topics, and wait until they are gone."""
    async with kafka.admin() as admin:
        made = {each for each in await admin.list_topics() if which(each)}
        if not made:
            return
        await admin.delete_topics(sorted(made))
        async with asyncio.timeout(60):
            while made & set(await admin.list_topics()):  # noqa: ASYNC110 (Kafka tells nobody when a topic is gone)
                await asyncio.sleep(0.1)
