"""Records that a stage writes -> the same records in memory, by topic, as the log would hold them."""

from collections.abc import Sequence

from streams.log.append import Record
from streams.log.snapshot import Found


class MemoryLog:
    """Takes what an appender takes, and loses nothing."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Record]] = {}

    async def append(self, topic: str, records: Sequence[Record], *, partition: int = 0) -> int:  # noqa: ARG002 (there is one)
        written = self.topics.setdefault(topic, [])
        written += records
        return len(written) - 1

    def values(self, topic: str) -> list[bytes]:
        return [each.value for each in self.topics.get(topic, []) if each.value is not None]

    def found(self, topic: str, *, upto: int | None = None) -> Found:
        """What a reader finds when only the first `upto` records were written."""
        found = Found()
        for record in self.topics.get(topic, [])[:upto]:
            found.keep(record.key, record.value)
        return found
