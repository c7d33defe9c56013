"""What stage 2 knows of one source partition: how far its blocks go, and which windows miss something of it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from detectors.facts import Blindness
from streams.blind import NEVER_MS
from streams.block import Marker, Sealed, decode_parts, encode_parts
from streams.loss import Loss
from streams.window import Timing

BLOCKS_LOST = "without some of its blocks, which the log lost"


@dataclass(slots=True)
class JoinedSource:
    """One source partition of the join.

    Attributes:
        ahead: blocks that wait for one before them.
        blind_ms: up to here windows need not wait for it, for the reason `why`.
        hole_ms: how far it was seen when blocks were lost that nobody will write again; None when none are missing.
    """

    partition: int
    last_chunk: int | None = None
    first_chunk: int | None = None
    watermark_ms: int = NEVER_MS
    ahead: list[Sealed] = field(default_factory=list)
    blind_ms: int = NEVER_MS
    why: str = ""
    losses: list[Loss] = field(default_factory=list)
    hole_ms: int | None = None

    @property
    def waited_ms(self) -> int:
        """Up to here no window waits for it: it was seen, or is known not to be."""
        return max(self.watermark_ms, self.blind_ms)

    def follows(self, sealed: Sealed) -> bool:
        """Whether nothing is missing before a block, or nothing that will ever come.

        Where the log lost records, its writer may not know of the last chunk, or of any: what it names is there all the same.
        """
        marker, last = sealed.marker, self.last_chunk
        if marker.chunk is None or last is None or marker.previous_chunk is None or self.hole_ms is not None:
            return True
        return marker.chunk <= last or marker.previous_chunk <= last

    def lose(self, loss: Loss) -> None:
        """Windows that it touches and that are not judged yet miss something."""
        if loss not in self.losses:
            self.losses.append(loss)

    def pass_hole(self, marker: Marker, timing: Timing) -> None:
        """A block after lost ones: in a new chunk, they were of windows up to it; idle in the known one, none came after."""
        if self.hole_ms is None or marker.chunk is None:
            return
        if self.last_chunk is None or marker.chunk > self.last_chunk:
            self.lose(Loss(self.hole_ms, marker.chunk * timing.window_ms + timing.grace_ms, BLOCKS_LOST))
            self.hole_ms = None
        elif marker.chunk == self.last_chunk and marker.idle_at_ms is not None:
            self.hole_ms = None

    def blindness(self, start_ms: int, end_ms: int) -> Iterator[Blindness]:
        """Why the window [start_ms, end_ms) misses something of it, if it does."""
        if self.watermark_ms < end_ms:
            yield Blindness(self.partition, self.why, max(self.watermark_ms, 0))
        elif self.hole_ms is not None and self.hole_ms < end_ms:
            yield Blindness(self.partition, BLOCKS_LOST, max(self.hole_ms, 0))
        else:
            yield from self._missing(start_ms, end_ms)

    def _missing(self, start_ms: int, end_ms: int) -> Iterator[Blindness]:
        self.losses = [each for each in self.losses if each.until_ms >= start_ms]
        for loss in [each for each in self.losses if each.touches(start_ms, end_ms)][:1]:
            yield Blindness(self.partition, loss.why, max(loss.since_ms, 0))

    def snapshot(self) -> list[Any]:
        """State that `restore` takes back."""
        ahead = [encode_parts(sealed) for sealed in self.ahead]
        return [self.partition, self.last_chunk, self.first_chunk, self.watermark_ms, ahead]

    def lost(self) -> list[Any]:
        """What it misses; empty when that is nothing. `restore` takes it back."""
        losses = [[each.since_ms, each.until_ms, each.why] for each in self.losses]
        return [self.partition, losses, self.hole_ms] if losses or self.hole_ms is not None else []

    @classmethod
    def restore(cls, state: list[Any], lost: list[Any]) -> "JoinedSource":
        """What `snapshot` and `lost` saw."""
        partition, last_chunk, first_chunk, watermark_ms, ahead = state
        source = cls(partition, last_chunk, first_chunk, watermark_ms, [decode_parts(parts) for parts in ahead])
        if lost:
            source.losses, source.hole_ms = [Loss(*each) for each in lost[1]], lost[2]
        return source
