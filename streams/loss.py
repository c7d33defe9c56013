"""Records of a source partition that the log had no more when they were to be read -> a mark that says so. Pure.

A mark goes over `tidegate.windows` as blocks do: which windows are judged without all of their records is a matter of that log.
"""

from dataclasses import dataclass

import msgspec


class LossMark(msgspec.Struct, frozen=True, kw_only=True):
    """Says that a source partition has lost records unread, which may be of windows that touch [since_ms, until_ms].

    Attributes:
        partitions: how many the topic has.
        first, last: offsets of the first and of the last one.
        since_ms: the watermark before them; what they might have held for windows before that would have been late.
        until_ms: when the first record after them arrived.
    """

    partition: int
    partitions: int
    first: int
    last: int
    since_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Windows that touch [since_ms, until_ms] miss something of a source partition: `why` in words."""

    since_ms: int
    until_ms: int
    why: str

    def touches(self, start_ms: int, end_ms: int) -> bool:
        """Whether the window [start_ms, end_ms) may miss something."""
        return start_ms <= self.until_ms and self.since_ms < end_ms


def loss_of(mark: LossMark) -> Loss:
    """What a mark means for windows."""
    return Loss(mark.since_ms, mark.until_ms, f"without its records {mark.first} to {mark.last}, which the log lost unread")
