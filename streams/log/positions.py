"""`earliest`, `latest`, a time -> an offset for each partition of a topic."""

from collections.abc import Sequence
from typing import Any

from detectors.canonical import parse_time
from streams.errors import WrongUseError
from streams.log.kafka import TopicPartition

EARLIEST = "earliest"
LATEST = "latest"


def position_of(text: str, *, option: str) -> str | int:
    """`earliest`, `latest`, or epoch milliseconds of a number or of an RFC 3339 time.

    Raises:
        WrongUseError: when it is none of them; `option` is named.

    >>> position_of("1970-01-01T00:00:01Z", option="--from"), position_of("latest", option="--to")
    (1000, 'latest')
    """
    if text in {EARLIEST, LATEST}:
        return text
    if text.isdecimal():
        return int(text)
    try:
        return parse_time(text)
    except ValueError as error:
        raise WrongUseError(f"{option}: {text!r} is no RFC 3339 time, epoch milliseconds, earliest or latest") from error


async def offsets_at(consumer: Any, partitions: Sequence[TopicPartition], position: str | int) -> dict[TopicPartition, int]:
    """The first offset of each partition that is not before the position; the end where there is none."""
    if position == EARLIEST:
        return dict(await consumer.beginning_offsets(list(partitions)))
    ends: dict[TopicPartition, int] = dict(await consumer.end_offsets(list(partitions)))
    if position == LATEST:
        return ends
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, position))
    return {tp: ends[tp] if found.get(tp) is None else found[tp].offset for tp in partitions}
