"""A running Kafka -> one installation on it: witnesses, a live stream, and workers that may be killed at any time."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from streams.log.topics import TELEMETRY, Topic
from tests.faults.feed import Feed, now_ms, scenario
from tests.faults.kept import Kept
from tests.faults.mock_cluster import MockCluster
from tests.faults.policy import KINDS, policy_text
from tests.faults.provocations import Provocations
from tests.faults.skewed import new_clock, set_clock
from tests.faults.witnesses import Witnesses, witnesses
from tests.kafka.broker import Cluster
from tests.kafka.receivers import SECRETS
from tests.kafka.service import Service, Worker, service_on

CRASHING = ("-m", "tests.faults.crash")
SKEWED = ("-m", "tests.faults.skewed")
LEAD_MS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an installation is to go through.

    Attributes:
        kinds: which effects its policy has.
        per_s: operations a second of ordinary traffic.
        untidy: with repeats, disorder, late and refused records.
        spend_ms, canary_ms: between two incidents of a kind; 0 for none.
        incidents: how many of each kind there are at most.
        clocks: whether each worker has a wall clock of its own, which `Rig.set_clock` sets.
    """

    prefix: str
    seed: int = 1
    kinds: tuple[str, ...] = KINDS
    partitions: int = 4
    per_s: float = 8.0
    untidy: bool = False
    spend_ms: int = 0
    canary_ms: int = 0
    incidents: int = 100
    clocks: bool = False


@dataclass(slots=True, kw_only=True)
class Rig:
    """One installation. Workers are started in its folder under ids of their own, and found in `workers`."""

    setting: Setting
    cluster: Cluster | MockCluster
    topics: list[Topic]
    service: Service
    seen: Witnesses
    feed: Feed
    policy: Path
    workers: dict[str, Worker]
    kept: Kept = field(default_factory=Kept)
    gave_up: list[str] = field(default_factory=list)
    """Last words of workers that ended by themselves, and were started again."""

    def start(self, name: str, *options: str, crash_at: str = "") -> Worker:
        """Start a worker; it ends itself at `crash_at`, when that is given."""
        self.service.program = self._program(name, crash_at)
        told = ["--policy", str(self.policy), "--worker-id", name, "--log-level", "info", *options]
        self.workers[name] = self.service.start(*told, **SECRETS)
        return self.workers[name]

    def _program(self, name: str, crash_at: str) -> tuple[str, ...]:
        if crash_at:
            return (*CRASHING, crash_at, "run")
        if self.setting.clocks:
            clock = self._clock(name)
            return (*SKEWED, str(clock if clock.exists() else new_clock(clock)), "run")
        return ("-m", "streams", "run")

    def _clock(self, name: str) -> Path:
        return self.policy.parent / f"{name}.clock"

    def set_clock(self, name: str, ahead_ms: int) -> None:
        """Let a worker's wall clock be so far ahead of the right one; it keeps that when it is started again."""
        set_clock(self._clock(name), ahead_ms)

    def kill(self, name: str) -> float:
        """Kill a worker; the monotonic time at which it was gone."""
        self.workers.pop(name).kill()
        return time.monotonic()

    def stop(self, name: str) -> None:
        """Stop a worker in order."""
        self.workers.pop(name).stop()

    def look_after(self) -> None:
        """Start again what has ended by itself, as a supervisor does."""
        for name, worker in list(self.workers.items()):
            if worker.process.poll() is not None:
                self.gave_up.append(f"{name}: {worker.log.read_text()[-500:]}")
                self.start(name)

    def alive(self) -> list[Worker]:
        """The workers that run."""
        return [each for each in self.workers.values() if each.process.poll() is None]


@contextlib.contextmanager
def rig(cluster: Cluster | MockCluster, folder: Path, setting: Setting) -> Iterator[Rig]:
    """An installation whose stream runs while the block does; no worker is started yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        seen = stack.enter_context(witnesses(setting.incidents))
        service = stack.enter_context(service_on(cluster.bootstrap, setting.prefix, folder))
        policy = folder / "policy.yaml"
        policy.write_text(
            policy_text(pager=seen.pager_url, gateway=seen.gateway_url, incidents=setting.incidents, kinds=setting.kinds)
        )
        topics = _declare(cluster, service, setting.partitions)
        provocations = Provocations(
            now_ms() + LEAD_MS,
            spend_ms=setting.spend_ms,
            canary_ms=setting.canary_ms,
            most=setting.incidents,
            tag=f"{setting.prefix}{setting.seed}",
        )
        traffic = scenario(seed=setting.seed, per_s=setting.per_s, untidy=setting.untidy)
        feed = Feed(
            service.kafka, service.topics.telemetry, partitions=setting.partitions, scenario=traffic, provocations=provocations
        )
        with feed.running():
            yield Rig(
                setting=setting, cluster=cluster, topics=topics, service=service, seen=seen, feed=feed, policy=policy, workers={}
            )


def _declare(cluster: Cluster | MockCluster, service: Service, partitions: int) -> list[Topic]:
    """Telemetry with the broker's own time as arrival: what waited in a producer has not arrived."""
    config = {**TELEMETRY, "message.timestamp.type": "LogAppendTime"}
    topics = [*service.topics.declared(), Topic(service.topics.telemetry, partitions, config)]
    if isinstance(cluster, MockCluster):
        for topic in topics:
            cluster.create(topic.name, topic.partitions)
    asyncio.run(service.kafka.ensure(topics))
    return topics
