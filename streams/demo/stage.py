"""A folder and a scenario -> broker, receivers, traffic and the real service, all running, and all stopped in the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from streams.demo.broker import broker
from streams.demo.receivers import Receivers, receiving
from streams.demo.service import Service, service
from streams.demo.traffic import LiveTraffic, wall_ms
from streams.errors import BrokerError
from streams.log.kafka import Kafka, KafkaError
from streams.log.record import Recorder, Stretch
from streams.log.topics import Topic, Topics
from streams.settings import KafkaSettings
from streams.simulate.load import load_scenario
from streams.simulate.produce import TopicSink
from streams.simulate.scenario import Scenario
from streams.simulate.traffic import Traffic

HISTORY_MS = 3 * 3_600_000
CALM_MS = 3_600_000
"""How long the calm traffic goes on, should the service need so long to work off the history."""
PARTITIONS = 1
PACKAGED = files("streams.demo")
STOP_S = 5.0


def packaged_scenario() -> Scenario:
    """The scenario that comes with the demo."""
    return load_scenario(str(PACKAGED / "scenario.yaml"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that runs.

    Attributes:
        history: records that the topic began with.
        feeding: the task that sends the live traffic.
    """

    folder: Path
    kafka: Kafka
    receivers: Receivers
    live: LiveTraffic
    service: Service
    history: int
    feeding: asyncio.Task[None]

    def check(self) -> None:
        """Whether all of it still runs.

        Raises:
            BrokerError: when a part has ended.
        """
        if self.service.child.ended:
            raise BrokerError(f"the demo's service has ended: {self.service.child.last_words()}")
        if self.feeding.done():
            self.feeding.result()

    async def record(self) -> None:
        """Keep the stream as it is now in the folder."""
        stretch = Stretch(topic=Topics().telemetry, start="earliest", end="latest")
        await Recorder(self.kafka, stretch).run(self.folder / "telemetry.tgr")


@asynccontextmanager
async def stage(folder: Path, calm: Scenario) -> AsyncIterator[Stage]:
    """Start everything: three hours of history until now, then live traffic and the service.

    Raises:
        WrongUseError: when the broker is not installed.
        BrokerError: when a part does not start.
    """
    async with broker(folder) as bootstrap, receiving() as receivers:
        kafka = Kafka(KafkaSettings.of(bootstrap=bootstrap), client_id="tidegate-demo")
        (folder / "policy.yaml").write_text(receivers.policy((PACKAGED / "policy.yaml").read_text()))
        async with _producer(kafka) as producer:
            sink = TopicSink(producer, Topics().telemetry, partitions=PARTITIONS)
            now_ms = wall_ms()
            past = calm.changed(start_ms=now_ms - HISTORY_MS, duration_ms=HISTORY_MS + CALM_MS)
            live = LiveTraffic(Traffic(past), sink, receivers.gateway)
            history = await live.preload(now_ms)
            async with service(folder, bootstrap=bootstrap, keys=receivers.keys) as its, _feeding(live) as feeding:
                yield Stage(
                    folder=folder, kafka=kafka, receivers=receivers, live=live, service=its, history=history, feeding=feeding
                )


@asynccontextmanager
async def _producer(kafka: Kafka) -> AsyncIterator[Any]:
    await kafka.ensure([Topic(Topics().telemetry, PARTITIONS, {})])
    producer = await kafka.producer()
    try:
        yield producer
    except KafkaError as error:
        raise kafka.unreachable(error) from error
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), STOP_S)


@asynccontextmanager
async def _feeding(live: LiveTraffic) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(live.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
