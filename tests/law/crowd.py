"""A service of several workers that join, leave, and are killed at random points of a run -> what each of them wrote."""

import asyncio
import random
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.log.kafka import TopicPartition
from tests.kafka.service import Service, Worker

POLL_S = 0.02
STILL_S = 30.0
"""A run in which nothing was written for so long goes on with its script."""
LEAVE_S = 15.0
ONE, TWO, THREE = ("all",), ("all", "all"), ("all", "all", "all")
APART = ("ingest", "ingest", "detect", "act")
STANDBYS = ("ingest,detect", "ingest,act", "detect,act")


class CrowdError(AssertionError):
    """A worker ended otherwise than it should; the message holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What happens to a run.

    Attributes:
        roles: of each worker.
        kills: how many SIGKILLs; every third victim stays away for a while, so that the others take over.
        leaves: how many are asked to stop, and come back.
        named: whether workers have ids of their own, for static membership.
        seed: of all chance.
    """

    roles: Sequence[str]
    kills: int = 0
    leaves: int = 0
    named: bool = True
    seed: int = 0

    def acts(self, chance: random.Random) -> list[str]:
        """Kills and leaves in a random order."""
        acts = ["kill"] * self.kills + ["leave"] * self.leaves
        chance.shuffle(acts)
        return acts


@dataclass(slots=True)
class Crowd:
    """The workers of one run over a topic that is filled.

    Attributes:
        done: what was done to whom, and how many records `tidegate.windows` and `tidegate.anomalies` had together.
    """

    service: Service
    script: Script
    folder: Path
    options: Sequence[str]
    done: list[tuple[str, str, int]] = field(default_factory=list)
    _workers: dict[int, Worker] = field(default_factory=dict)

    def run(self, expected: int, *, timeout_s: float = 300.0) -> list[Path]:
        """Run to the end, disturbed as the script says; the folder of each worker.

        Args:
            expected: how many records a run that is left alone writes to `tidegate.windows` and `tidegate.anomalies`.
            timeout_s: for all of it.

        Raises:
            CrowdError: when a worker does not end well.
        """
        chance = random.Random(self.script.seed)
        acts = self.script.acts(chance)
        points = sorted(int(chance.uniform(0.02, 0.98) * expected) for _ in acts)
        self._start(0)
        asyncio.run(self._play(chance, list(zip(points, acts, strict=True)), time.monotonic() + timeout_s))
        return [self._out(number) for number in range(len(self.script.roles))]

    def _out(self, number: int) -> Path:
        return self.folder / f"worker-{number}"

    def _start(self, number: int) -> None:
        named = ["--worker-id", f"w{number}"] if self.script.named else []
        role = ["--role", self.script.roles[number]]
        end = ["--until-end", "--out", str(self._out(number))]
        self._workers[number] = self.service.start(*end, *role, *named, *self.options)

    async def _play(self, chance: random.Random, acts: list[tuple[int, str]], deadline_s: float) -> None:
        topics = (self.service.topics.windows, self.service.topics.anomalies)
        away: list[int] = []
        joins = list(range(1, len(self.script.roles)))
        await self.service.kafka.ensure(self.service_topics())
        async with self.service.kafka.reading([TopicPartition(topic, 0) for topic in topics]) as consumer:
            for number in joins:
                self._start(number)
            for point, act in acts:
                written = await self._written(consumer, point, deadline_s)
                if self._over():
                    break
                for number in away:
                    self._start(number)
                victim = chance.choice([n for n, worker in self._workers.items() if worker.process.poll() is None])
                away = self._disturb(victim, act, written, stays_away=len(self._workers) > 1 and chance.random() < 1 / 3)
        for number in away:
            self._start(number)
        self._wait(deadline_s)

    def service_topics(self) -> list[Any]:
        """The topics that are looked at; they are made here when no worker has come so far."""
        wanted = {self.service.topics.windows, self.service.topics.anomalies}
        return [topic for topic in self.service.topics.declared() if topic.name in wanted]

    async def _written(self, consumer: Any, point: int, deadline_s: float) -> int:
        """How much is written, once that is up to a point, or no more comes, or the run is over.

        Who was killed and stays away may be the only one who could write it.
        """
        before, since_s = -1, time.monotonic()
        while True:
            written = sum((await consumer.end_offsets(list(consumer.assignment()))).values())
            if written != before:
                before, since_s = written, time.monotonic()
            if written >= point or time.monotonic() > since_s + STILL_S or self._over():
                return int(written)
            if time.monotonic() > deadline_s:
                raise CrowdError(f"{written} of {point} records after all the time\n{self._said()}")
            await asyncio.sleep(POLL_S)

    def _over(self) -> bool:
        codes = [worker.process.poll() for worker in self._workers.values()]
        if any(code not in (None, 0, -signal.SIGKILL, -signal.SIGTERM) for code in codes):
            raise CrowdError(self._said())
        return 0 in codes

    def _disturb(self, number: int, act: str, written: int, *, stays_away: bool) -> list[int]:
        """Kill a worker or ask it to leave; the workers that are to be started later."""
        worker = self._workers[number]
        if act == "leave":
            worker.process.terminate()  # ends at once while it has no handler for it
            act = _left(worker)
        worker.kill()
        self.done.append((act, f"{number}:{self.script.roles[number]}", written))
        if stays_away:
            return [number]
        self._start(number)
        return []

    def _wait(self, deadline_s: float) -> None:
        for worker in self._workers.values():
            code = worker.process.wait(timeout=max(deadline_s - time.monotonic(), 1.0))
            if code != 0:
                raise CrowdError(f"ended with {code}\n{worker.log.read_text()[-3000:]}")

    def _said(self) -> str:
        return "\n".join(worker.log.read_text()[-1500:] for worker in self._workers.values())


def _left(worker: Worker) -> str:
    """What became of a worker that was asked to leave: a supervisor kills it when it takes long, and so it is here."""
    try:
        worker.process.wait(timeout=LEAVE_S)
    except subprocess.TimeoutExpired:
        return "kill"
    return "leave"
