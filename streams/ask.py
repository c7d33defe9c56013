"""What a person asks for -> a control, over HTTP or straight on Kafka."""

import asyncio
import getpass
import os
from collections.abc import Mapping
from typing import Any

from actions.control import ControlKind
from streams.client import DEFAULT_URL, Client
from streams.controls import control_of, record_of_control
from streams.errors import BrokerError
from streams.log.append import Appender
from streams.log.kafka import Kafka
from streams.log.topics import Topics
from streams.settings import KafkaSettings

PATIENCE_S = 20.0


def ask(kind: ControlKind, params: Mapping[str, Any], *, url: str | None, token: str | None, kafka: KafkaSettings | None) -> str:
    """Ask, and give the control's id. Kafka is asked where its address is given and no URL is: it works without any worker.

    Raises:
        ServiceError: when the worker does not answer, or refuses.
        BrokerError: when Kafka does not answer, or refuses.
    """
    if kafka is None or url is not None:
        return str(Client(url or DEFAULT_URL, token).post(kind.value, params)["control_id"])
    return asyncio.run(_on_kafka(kind, params, kafka))


async def _on_kafka(kind: ControlKind, params: Mapping[str, Any], settings: KafkaSettings) -> str:
    topics, kafka = Topics(settings.topic_prefix), Kafka(settings, client_id="tidegate-ask")
    await kafka.ensure([topic for topic in topics.declared() if topic.name == topics.control])
    appender = Appender(kafka)
    await appender.start()
    try:
        control = control_of(kind, by=_who(), params=params)
        async with asyncio.timeout(PATIENCE_S):
            await appender.append(topics.control, [record_of_control(control)])
    except TimeoutError as error:
        raise BrokerError(f"{topics.control} takes nothing now; nothing has changed") from error
    finally:
        await appender.stop()
    return control.id


def _who() -> str:
    try:
        return os.environ.get("TIDEGATE_USER") or getpass.getuser()
    except (OSError, KeyError):
        return "somebody"
