"""A simulated gateway and provocations -> a live topic, at the pace of the wall clock, from a thread of its own."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from streams.errors import BrokerError
from streams.log.kafka import Kafka, KafkaError
from streams.simulate.arrivals import Arrivals
from streams.simulate.load import scenario_of
from streams.simulate.produce import TopicSink
from streams.simulate.scenario import Scenario
from streams.simulate.traffic import Traffic
from tests.faults.provocations import Provocations

TICK_S = 0.2
STALL_MS = 2_000
"""What was to be sent while the broker took nothing for longer is dropped: a source that is silent sends nothing."""


def now_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


def scenario(*, seed: int, per_s: float, untidy: bool) -> Scenario:
    """Telemetry of twenty tenants for three hours.

    Args:
        seed: of all of it.
        per_s: operations a second.
        untidy: with repeats, disorder, late and refused records.
    """
    delivery: dict[str, Any] = {"delay": "200ms", "max_delay": "3s"}
    if untidy:
        delivery |= {"late_ratio": 0.01, "duplicate_ratio": 0.02, "conflict_ratio": 0.002, "malformed_ratio": 0.02}
    tenants = [{"name": "tenant", "count": 20, "operations_per_s": per_s / 20, "amplitude": 0.1}]
    given = {"version": 1, "name": "chaos", "seed": seed, "duration": "3h", "tenants": tenants, "delivery": delivery}
    return scenario_of(given).changed(start_ms=now_ms())


class Feed:
    """Sends until it is stopped.

    Attributes:
        acknowledged: records that the broker said it has.
        unsure: records of which it said nothing.
    """

    def __init__(self, kafka: Kafka, topic: str, *, partitions: int, scenario: Scenario, provocations: Provocations) -> None:
        self.acknowledged = 0
        self.unsure = 0
        self.provocations = provocations
        self._kafka = kafka
        self._topic = topic
        self._partitions = partitions
        self._traffic = Traffic(scenario)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._main, name="feed")
        self._failure: BaseException | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator["Feed"]:
        """Send while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self.stop()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Send nothing more; returns when the last record was acknowledged or given up."""
        self._stop.set()
        self._thread.join()

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001 (raised again by whoever started the thread)
            self._failure = error

    async def _run(self) -> None:
        producer, sent_ms = await self._producer(), now_ms()
        while not self._stop.is_set():
            await asyncio.sleep(TICK_S)
            until_ms, since_ms = now_ms(), sent_ms
            arrivals = self._arrivals(until_ms)
            sent_ms = until_ms
            if until_ms - since_ms > STALL_MS:
                continue
            try:
                await TopicSink(producer, self._topic, partitions=self._partitions).write(arrivals)
            except KafkaError:
                self.unsure += len(arrivals)
                await producer.stop()
                producer = await self._producer()
            else:
                self.acknowledged += len(arrivals)
        await producer.stop()

    async def _producer(self) -> Any:
        while True:
            with contextlib.suppress(BrokerError):
                return await self._kafka.producer()
            await asyncio.sleep(0.5)

    def _arrivals(self, until_ms: int) -> Arrivals:
        arrivals = self._traffic.step(until_ms)
        extra = list(self.provocations.until(until_ms))
        keys, values = [each[0] for each in extra], [each[1] for each in extra]
        return Arrivals(arrivals.values + values, arrivals.keys + keys, np.full(len(arrivals) + len(extra), until_ms))
