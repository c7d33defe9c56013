"""What the roles of a worker share."""

from dataclasses import dataclass

from streams.log.append import Appender
from streams.log.kafka import Kafka
from streams.log.lost import Losses
from streams.log.snapshot import Snapshots
from streams.log.topics import Topics
from streams.metrics import Metrics
from streams.pipeline import Plan
from streams.settings import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Clients, names and plans of one worker.

    Attributes:
        worker: its name, for claims and the audit.
        instance: the same for static membership, None when the worker was given no id.
    """

    kafka: Kafka
    appender: Appender
    snapshots: Snapshots
    losses: Losses
    topics: Topics
    plan: Plan
    metrics: Metrics
    clock: Clock
    worker: str
    instance: str | None
