"""Traffic in real time -> a topic: a gateway that obeys the throttles and the rollbacks that it was sent."""

import asyncio
import time

from streams.demo.gateway import Gateway
from streams.demo.meter import Meter
from streams.demo.script import rollouts
from streams.simulate.produce import TopicSink
from streams.simulate.traffic import Traffic

STEP_S = 0.5


def wall_ms() -> int:
    """Now, epoch milliseconds."""
    return time.time_ns() // 1_000_000


class LiveTraffic:
    """Sends what a traffic has to send up to now, again and again.

    Attributes:
        meter: what was sent.
    """

    def __init__(self, traffic: Traffic, sink: TopicSink, gateway: Gateway) -> None:
        self.meter = Meter()
        self._traffic = traffic
        self._sink = sink
        self._gateway = gateway
        self._told = 0

    async def preload(self, until_ms: int) -> int:
        """Send everything up to `until_ms`, as fast as it goes; returns the number of records."""
        at_ms, sent = self._traffic.scenario.start_ms, 0
        while at_ms < until_ms:
            at_ms = min(at_ms + self._traffic.portion_ms, until_ms)
            arrivals = self._traffic.step(at_ms)
            await self._sink.write(arrivals)
            sent += len(arrivals)
        return sent

    def switch(self, traffic: Traffic) -> None:
        """From now on send this traffic; its canaries go live."""
        self._traffic = traffic
        for each in rollouts(traffic.scenario):
            self._gateway.live[each.service] = each.release
            self._gateway.stable[each.service] = each.baseline or ""

    async def run(self) -> None:
        """Send in real time until cancelled."""
        while True:
            await asyncio.sleep(STEP_S)
            await self.step(wall_ms())

    async def step(self, now_ms: int) -> None:
        """Send what arrives before `now_ms`, under the throttles and after the rollbacks that were asked for by now."""
        rollbacks = self._gateway.rollbacks
        for each in rollbacks[self._told :]:
            self._traffic.roll_back(str(each["service"]), str(each["release"]))
        self._told = len(rollbacks)
        arrivals = self._traffic.step(now_ms, self._gateway.limits())
        await self._sink.write(arrivals)
        self.meter.count(arrivals.values, now_ms)
