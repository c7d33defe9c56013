"""Topics that were read to the end of a run -> the files of `--until-end` (design 4.4)."""

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

from detectors.canonical import content_id
from streams.log.kafka import Kafka, TopicPartition
from streams.log.topics import Topics
from streams.outputs import write_whole
from streams.tally import Tally
from streams.worker.detect import RunResult
from streams.worker.ends import Ends
from streams.worker.observed import Observed


async def find_ends(kafka: Kafka, topics: Topics, partitions: int, policy_version: str) -> Ends:
    """The end offsets of telemetry now, and the mark of the run that reads up to them.

    Raises:
        BrokerError: when Kafka does not answer.
    """
    tps = [TopicPartition(topics.telemetry, number) for number in range(partitions)]
    async with kafka.reading(tps) as consumer:
        found: Mapping[TopicPartition, int] = await consumer.end_offsets(tps)
    offsets = {tp.partition: offset for tp, offset in found.items()}
    return Ends(offsets, content_id(topics.telemetry, policy_version, sorted(offsets.items())))


class EndOfRun:
    """Knows when the three topics of results hold all of a run, and writes its files."""

    def __init__(self, run: str, observed: Observed, topics: Topics) -> None:
        self._run = run
        self._observed = observed
        self._topics = (topics.anomalies, topics.incidents, topics.decisions)

    @property
    def reached(self) -> bool:
        """Whether all of the run was seen."""
        marks = [self._observed.ends.get(topic) for topic in self._topics]
        return all(mark is not None and msgspec.json.decode(mark, type=RunResult).run == self._run for mark in marks)

    def write(self, folder: Path, *, wall_seconds: float) -> None:
        """Write anomalies, incidents, decisions and the summary."""
        assert self._observed.outputs is not None
        self._observed.outputs.write(folder)
        result = msgspec.json.decode(self._observed.ends[self._topics[0]], type=RunResult)
        tallies = []
        for state in result.tallies:
            tally = Tally()
            tally.restore(state)
            tallies.append(tally)
        total = Tally.total(tallies)
        figures = {
            **total.summary(),
            "windows": result.windows,
            "wall_seconds": round(wall_seconds, 3),
            "records_per_second": round(total.records / wall_seconds),
        }
        write_whole(folder / "summary.json", json.dumps(figures, indent=2).encode() + b"\n")
