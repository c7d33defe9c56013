"""Minutes of telemetry -> the three stages in memory, and their snapshots of each format as files, which later versions must read.

python -m tests.golden.snapshots    # writes the file of today's format, where there is none yet
"""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import zstandard

from actions.policy import load_policy
from streams.batch import Batch
from streams.log.formats import FORMAT
from streams.log.snapshot import Found, Slot
from streams.log.topics import Topics
from streams.log.wire import records_of
from streams.metrics import Metrics
from streams.now import Now
from streams.pipeline import Plan
from streams.settings import Clock
from streams.worker.act import Deciding
from streams.worker.detect import Detect
from streams.worker.progress import Progress
from streams.worker.stage_metrics import DetectMetrics
from tests.kafka.traffic import traffic
from tests.streams.memory_log import MemoryLog

FOLDER = Path(__file__).parent
POLICY = FOLDER / "snapshots.yaml"
TOPICS = Topics("golden.")
KEYS = ("ingest/0", "detect", "act")
HALF = 3_000


def records() -> list[tuple[int, str, bytes]]:
    return list(traffic(minutes=7, per_second=15, seed=9))


class Stages:
    """The three stages over one partition, in memory."""

    def __init__(self) -> None:
        plan = Plan.of(load_policy(POLICY))
        now = Now(Clock.STREAM)
        self.log = MemoryLog()
        self.source = plan.source(0, has_arrival=True)
        self.detect = Detect(plan=plan, appender=self.log, topics=TOPICS, metrics=DetectMetrics(Metrics(), now))  # type: ignore[arg-type]
        self.act = Deciding(
            plan=plan,
            appender=self.log,
            topics=TOPICS,
            controls=tuple,
            progress=Progress(now=now, timing=plan.timing),
            done=_done,  # type: ignore[arg-type]
        )

    async def feed(self, start: int, some: list[tuple[int, str, bytes]]) -> None:
        offsets = list(range(start, start + len(some)))
        batch = Batch(values=[value for _, _, value in some], offsets=offsets, arrivals_ms=[at for at, _, _ in some])
        for sealed in self.source.feed(batch):
            for record in records_of(sealed):
                before = len(self.log.topics.get(TOPICS.anomalies, ()))
                await self.detect.take(self.detect.next_offset, record)
                for judged in self.log.topics.get(TOPICS.anomalies, [])[before:]:
                    await self.act.take(self.act.next_offset, judged)
        self.source.take_dead_letters()

    def states(self) -> dict[str, tuple[int, dict[str, Any]]]:
        return {
            "ingest/0": (self.source.next_offset, self.source.snapshot()),
            "detect": (self.detect.needed_from, self.detect.snapshot()),
            "act": (self.act.needed_from, self.act.snapshot()),
        }

    def said(self) -> list[list[bytes]]:
        return [self.log.values(topic) for topic in (TOPICS.anomalies, TOPICS.incidents, TOPICS.decisions)]


async def _done(_decisions: Any) -> None:
    return None


async def written() -> list[tuple[bytes, bytes]]:
    """The records of the state topic after the first half."""
    stages, kept = Stages(), MemoryLog()
    await stages.feed(0, records()[:HALF])
    for key, (position, state) in stages.states().items():
        await Slot(key, kept, TOPICS.state).save(position, state)  # type: ignore[arg-type]
    return [(record.key, record.value) for record in kept.topics[TOPICS.state] if record.value is not None]


def file_of(number: int) -> Path:
    return FOLDER / f"snapshot-format-{number}.jsonl.zst"


def write(number: int, pairs: list[tuple[bytes, bytes]]) -> None:
    lines = "".join(json.dumps([key.decode(), base64.b64encode(value).decode()]) + "\n" for key, value in pairs)
    file_of(number).write_bytes(zstandard.ZstdCompressor(level=19).compress(lines.encode()))


def read(number: int, key: str) -> Found:
    """What a worker would find of one key."""
    found = Found()
    for line in zstandard.ZstdDecompressor().decompress(file_of(number).read_bytes()).decode().splitlines():
        name, value = json.loads(line)
        if name.startswith(f"{key}/"):
            found.keep(name.encode(), base64.b64decode(value))
    return found


if __name__ == "__main__":
    if not file_of(FORMAT).exists():
        write(FORMAT, asyncio.run(written()))
