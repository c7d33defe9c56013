"""A topic -> how fast its bytes can be fetched (aiokafka getmany) and decoded (msgspec), with nothing else done to them.

    python -m bench.raw BOOTSTRAP TOPIC RECORDS

Prints one JSON line: records, wall and CPU seconds of both, from the first batch on, so that connecting does not count.
"""

import asyncio
import json
import sys
import time
from typing import Any

import msgspec

from streams.log.kafka import Kafka, TopicPartition
from streams.settings import KafkaSettings
from streams.usage import Usage

MAX_RECORDS = 8_000


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(began: tuple[float, float], records: int) -> dict[str, float]:
    wall_s, cpu_s = _clocks()
    return {"records": records, "wall_s": wall_s - began[0], "cpu_s": cpu_s - began[1]}


async def fetch(bootstrap: str, topic: str, records: int) -> tuple[list[bytes], dict[str, Any]]:
    """The first values of a topic, at least `records`, and what fetching them cost after the first batch."""
    kafka = Kafka(KafkaSettings.of(bootstrap=bootstrap))
    values: list[bytes] = []
    async with kafka.admin() as admin:
        partitions = (await admin.describe_topics([topic]))[0]["partitions"]
    async with kafka.reading([TopicPartition(topic, number) for number in range(len(partitions))]) as consumer:
        began, before = _clocks(), 0
        while len(values) < records:
            batches = await consumer.getmany(timeout_ms=1000, max_records=MAX_RECORDS)
            for its in batches.values():
                values += [record.value for record in its]
            if not before:
                began, before = _clocks(), len(values)
        return values, _since(began, len(values) - before)


def decode(values: list[bytes]) -> dict[str, Any]:
    """What decoding them one by one into the typed struct costs."""
    decoder = msgspec.json.Decoder(Usage)
    began = _clocks()
    for value in values:
        decoder.decode(value)
    return _since(began, len(values))


def main() -> int:
    """Measure and print."""
    bootstrap, topic, records = sys.argv[1], sys.argv[2], int(sys.argv[3])
    values, fetched = asyncio.run(fetch(bootstrap, topic, records))
    print(json.dumps({"fetch": fetched, "decode": decode(values)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
