"""A prefix -> the names of all topics, and the settings that our own ones are created with (design 4.6)."""

from collections.abc import Mapping
from dataclasses import dataclass

DAY_MS = 86_400_000
STATE_PARTITIONS = 8
PART_BYTES = 512 * 1024
"""The largest part of a block or of a snapshot."""
MESSAGE_BYTES = 1_048_576
"""The largest record, as brokers have it by default."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is declared.

    Attributes:
        partitions: how many it is created with; one where the order of everything counts.
        config: Kafka's own settings, as text.
    """

    name: str
    partitions: int
    config: Mapping[str, str]


def _kept(days: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS), "max.message.bytes": str(MESSAGE_BYTES)}


_COMPACTED = {
    "cleanup.policy": "compact",
    "max.message.bytes": str(MESSAGE_BYTES),
    "min.cleanable.dirty.ratio": "0.2",
    "segment.ms": "600000",
    "segment.bytes": str(64 * 1024 * 1024),
    "delete.retention.ms": "3600000",
}
_FOREVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": str(MESSAGE_BYTES)}

TELEMETRY = {"retention.ms": "-1", "retention.bytes": str(10 * 1024**3)}
"""Of a telemetry topic that we create: bounded by size, since a recorded stream is older than any age that one would set."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Names of topics; `prefix` stands before each, so that several installations share a broker.

    >>> Topics("test.").windows
    'test.tidegate.windows'
    """

    prefix: str = ""

    @property
    def telemetry(self) -> str:
        """Usage records; the user's own."""
        return f"{self.prefix}telemetry"

    @property
    def dead_letters(self) -> str:
        """Refused records."""
        return f"{self.prefix}telemetry.dlq"

    @property
    def windows(self) -> str:
        """Blocks, stage 1 to stage 2."""
        return f"{self.prefix}tidegate.windows"

    @property
    def anomalies(self) -> str:
        """Anomalies, and one marker a window."""
        return f"{self.prefix}tidegate.anomalies"

    @property
    def incidents(self) -> str:
        """States of incidents."""
        return f"{self.prefix}tidegate.incidents"

    @property
    def decisions(self) -> str:
        """Decisions."""
        return f"{self.prefix}tidegate.decisions"

    @property
    def receipts(self) -> str:
        """What became of decisions."""
        return f"{self.prefix}tidegate.receipts"

    @property
    def ledger(self) -> str:
        """Claims, and what became of them."""
        return f"{self.prefix}tidegate.ledger"

    @property
    def quotas(self) -> str:
        """The quota of each scope."""
        return f"{self.prefix}tidegate.quotas"

    @property
    def control(self) -> str:
        """What people ask for: freeze, lift, approve."""
        return f"{self.prefix}tidegate.control"

    @property
    def audit(self) -> str:
        """The hash chain."""
        return f"{self.prefix}tidegate.audit"

    @property
    def state(self) -> str:
        """Snapshots."""
        return f"{self.prefix}tidegate.state"

    def group(self, role: str) -> str:
        """The consumer group, and so the Faust app id, of a role."""
        return f"{self.prefix}tidegate-{role}"

    def declared(self) -> tuple[Topic, ...]:
        """Our own topics with their settings. Control and audit are kept for ever; windows and results for a month."""
        return (
            Topic(self.dead_letters, 1, _kept(30)),
            Topic(self.windows, 1, _kept(7)),
            Topic(self.anomalies, 1, _kept(30)),
            Topic(self.incidents, 1, _kept(90)),
            Topic(self.decisions, 1, _kept(90)),
            Topic(self.receipts, 1, _kept(90)),
            Topic(self.ledger, 1, _kept(90)),
            Topic(self.quotas, 1, _COMPACTED),
            Topic(self.control, 1, _FOREVER),
            Topic(self.audit, 1, _FOREVER),
            Topic(self.state, STATE_PARTITIONS, _COMPACTED),
        )

    def sources(self) -> tuple[Topic, ...]:
        """The user's topics, created only where they are missing and the broker allows it."""
        return (Topic(self.telemetry, 4, TELEMETRY),)
