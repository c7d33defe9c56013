"""What a person names on the command line -> the source partitions to replay."""

from collections.abc import Sequence
from pathlib import Path

from streams.source import FileSource, open_sources


def open_inputs(inputs: Sequence[str]) -> list[FileSource]:
    """The source partitions of all inputs, in order.

    Raises:
        InputError: when one cannot be read.
        WrongUseError: when an address of Kafka makes no sense.
    """
    sources: list[FileSource] = []
    for each in inputs:
        if each.startswith("kafka://"):
            from streams.source.topic import open_topic  # noqa: PLC0415 - only who replays from Kafka needs its client

            sources += open_topic(each)
        else:
            sources += open_sources(Path(each))
    return sources
