"""kafka://host:port/topic?from=...&to=... -> the source partitions of a stretch of a topic.

The stretch is recorded into a temporary file and then read as any recording is: one reader, every partition at its own pace.
"""

import asyncio
import os
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from streams.errors import WrongUseError
from streams.log.kafka import Kafka
from streams.log.positions import EARLIEST, LATEST, position_of
from streams.log.record import Recorder, Stretch
from streams.options import kafka_of_environment
from streams.source.recording import SUFFIX, PartitionSource, RecordingReader

_KEPT: list[tempfile.TemporaryDirectory[str]] = []
"""Temporary recordings of this process; removed when it ends."""


def open_topic(address: str) -> list[PartitionSource]:
    """The source partitions of a stretch of a topic; from the earliest record to the end as it is now, unless told otherwise.

    How to get in is told by TIDEGATE_KAFKA_... variables, as for every other command.

    Raises:
        WrongUseError: when the address makes no sense or the topic does not exist.
        BrokerError: when Kafka does not answer.
    """
    bootstrap, stretch = _parse(address)
    kafka = Kafka(kafka_of_environment(bootstrap, dict(os.environ)), client_id="tidegate-replay")
    folder = tempfile.TemporaryDirectory(prefix="tidegate-")
    _KEPT.append(folder)
    path = Path(folder.name) / f"{stretch.topic}{SUFFIX}"
    asyncio.run(Recorder(kafka, stretch).run(path))
    return list(RecordingReader(path).partitions())


def _parse(address: str) -> tuple[str, Stretch]:
    parts = urlsplit(address)
    topic = parts.path.strip("/")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - {"from", "to"})
    if not parts.netloc or not topic or "/" in topic or unknown:
        raise WrongUseError(f"{address}: is not kafka://HOST:PORT/TOPIC?from=...&to=...")
    stretch = Stretch(
        topic=topic,
        start=position_of(options.get("from", EARLIEST), option=f"{address}: from"),
        end=position_of(options.get("to", LATEST), option=f"{address}: to"),
    )
    return parts.netloc, stretch
