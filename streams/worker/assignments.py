"""What the group tells a consumer of partitions that come and go -> what the service does about it."""

from collections.abc import Sequence
from typing import Protocol

from streams.log.kafka import ConsumerRebalanceListener, TopicPartition


class Owner(Protocol):
    """Whoever has partitions."""

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """The group takes them away."""
        ...

    async def released(self, partitions: Sequence[TopicPartition]) -> None:
        """Let go of them in order."""
        ...

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """The group gives them."""
        ...


class Assignments(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes on what the group says."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Called before a rebalance."""
        self._owner.lost(list(revoked))
        await self._owner.released(list(revoked))

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Called after a rebalance."""
        self._owner.assigned(list(assigned))
