"""A worker in a process of its own, telemetry for it, and what it wrote -> for tests on a real Kafka."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streams.log.kafka import Kafka, TopicPartition
from streams.log.topics import TELEMETRY, Topic, Topics
from streams.settings import KafkaSettings

START_S = 120.0


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _with_us() -> list[str]:
    """Makes a process end when whoever started it is gone."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def until(met: Callable[[], Any], *, timeout_s: float = 60.0) -> Any:
    """The first true answer."""
    deadline_s = time.monotonic() + timeout_s
    while not (answer := met()):
        assert time.monotonic() < deadline_s, f"not met in {timeout_s:.0f} s"
        time.sleep(0.25)
    return answer


@dataclass(slots=True)
class Worker:
    """A process of `tidegate run`."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=5) as answer:
            return json.loads(answer.read())

    def metrics(self) -> dict[str, float]:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}

    def ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(OSError):
            return bool(self.get("readyz")["ready"])
        return False

    def wait_ready(self) -> "Worker":
        until(self.ready, timeout_s=START_S)
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """Stop gracefully; how long that took."""
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=15) == 0, self.log.read_text()
        return time.monotonic() - began_s


class Service:
    """Starts workers over one set of topics; `program` is what runs them."""

    def __init__(self, bootstrap: str, prefix: str, folder: Path) -> None:
        self.kafka = Kafka(KafkaSettings.of(bootstrap=bootstrap, topic_prefix=prefix))
        self.topics = Topics(prefix)
        self._folder = folder
        self._common = ["--bootstrap", bootstrap, "--topic-prefix", prefix]
        self.started: list[Worker] = []
        self.program: Sequence[str] = ("-m", "streams", "run")

    def start(self, *options: str, **environ: str) -> Worker:
        port, log = free_port(), self._folder / f"worker-{len(self.started)}.log"
        command = [*_with_us(), sys.executable, *self.program, *self._common, "--http", f"127.0.0.1:{port}", *options]
        with log.open("wb") as opened:
            process = subprocess.Popen(command, stdout=opened, stderr=opened, env={**os.environ, **environ})
        self.started.append(Worker(process, f"http://127.0.0.1:{port}", log))
        return self.started[-1]

    def until_end(self, out: Path, *options: str, timeout_s: float = 240.0) -> Path:
        worker = self.start("--until-end", "--out", str(out), *options)
        assert worker.process.wait(timeout=timeout_s) == 0, worker.log.read_text()
        return out

    def tidegate(self, *arguments: str, timeout_s: float = 120.0, **environ: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "streams", arguments[0], *arguments[1:]]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **environ}, timeout=timeout_s
        )

    @property
    def kafka_options(self) -> list[str]:
        return self._common

    def create(self, partitions: int) -> None:
        asyncio.run(self.kafka.ensure([Topic(self.topics.telemetry, partitions, TELEMETRY)]))

    def produce(self, records: Iterable[tuple[int, str, bytes]], partitions: int) -> None:
        """Write (arrival, key, value), by the hash of the key."""
        self.create(partitions)
        asyncio.run(self._produce(list(records), partitions))

    async def _produce(self, records: list[tuple[int, str, bytes]], partitions: int) -> None:
        producer = await self.kafka.producer()
        for arrival_ms, key, value in records:
            partition = zlib.crc32(key.encode()) % partitions
            await producer.send(self.topics.telemetry, value, key.encode(), partition=partition, timestamp_ms=arrival_ms)
        await producer.stop()

    def read(self, topic: str, *, partition: int = 0) -> list[Any]:
        """All records of one partition of a topic."""

        async def read() -> list[Any]:
            tps = [TopicPartition(topic, partition)]
            async with self.kafka.reading(tps) as consumer:
                return [record async for record in self.kafka.to_the_end(consumer, tps)]

        return asyncio.run(read())

    def end(self, topic: str) -> int:
        """How many records the first partition of a topic has had."""

        async def end() -> int:
            tp = TopicPartition(topic, 0)
            async with self.kafka.reading([tp]) as consumer:
                return int((await consumer.end_offsets([tp]))[tp])

        return asyncio.run(end())

    def close(self) -> None:
        for worker in self.started:
            if worker.process.poll() is None:
                worker.kill()


@contextlib.contextmanager
def service_on(bootstrap: str, prefix: str, folder: Path) -> Iterator[Service]:
    service = Service(bootstrap, prefix, folder)
    try:
        yield service
    finally:
        service.close()
