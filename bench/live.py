"""A scenario -> its records on a topic in real time, and how far behind the sender was.

    python -m bench.live SCENARIO BOOTSTRAP TOPIC PARTITIONS

Unlike `tidegate simulate --start now`, event time begins when sending does: reading and building before take nothing from it.
Prints one JSON line: records, when event time began (epoch ms), and the lag of the sender behind it in milliseconds, p99 and most.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from bench.spread import quantile
from streams.log.kafka import Kafka
from streams.settings import KafkaSettings
from streams.simulate.load import load_scenario
from streams.simulate.produce import TopicSink, produce
from streams.simulate.scenario import STEP_MS
from streams.simulate.traffic import Traffic

TICK_S = 0.02
AHEAD_S = 5.0
"""Building a traffic takes a while, and has to be over by then; doubled until it is."""


def build(path: Path) -> Traffic:
    """The traffic, built before its first record is due.

    It begins with a step of the scenario. The sender stands still for 0.2 s while it draws the next one: with windows, that is, and
    their whole grace before anything is measured, and not at any moment that chance chooses.
    """
    scenario, ahead_s = load_scenario(path), AHEAD_S
    while True:
        start_ms = -(-int((time.time() + ahead_s) * 1000) // STEP_MS) * STEP_MS
        traffic = Traffic(scenario.changed(start_ms=start_ms))
        if time.time() * 1000 < start_ms - 1_000:
            return traffic
        ahead_s *= 2


async def send(traffic: Traffic, bootstrap: str, topic: str, partitions: int) -> list[float]:
    """Send everything in real time; the lags of the steps, milliseconds."""
    producer = await Kafka(KafkaSettings.of(bootstrap=bootstrap)).producer()
    try:
        await asyncio.sleep(traffic.scenario.start_ms / 1000 - time.time())
        sent = produce(traffic, TopicSink(producer, topic, partitions=partitions), speed=1.0, tick_s=TICK_S)
        return [time.time() * 1000 - until_ms async for until_ms in sent]
    finally:
        await producer.stop()


def main() -> int:
    """Send and print."""
    path, bootstrap, topic, partitions = sys.argv[1:5]
    traffic = build(Path(path))
    lags_ms = asyncio.run(send(traffic, bootstrap, topic, int(partitions)))
    told = {"records": traffic.tally.usage_records, "start_ms": traffic.scenario.start_ms}
    print(json.dumps(told | {"lag_p99_ms": quantile(lags_ms, 0.99), "lag_most_ms": max(lags_ms)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
