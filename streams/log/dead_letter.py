"""A refused record -> what is written to the dead-letter topic (design 4.1)."""

from streams.log.append import Record
from streams.partition import DeadLetter


def record_of_dead_letter(letter: DeadLetter, *, topic: str, partition: int) -> Record:
    """Key, body and headers of a dead letter; written again after a restart, it is the same record."""
    headers = {
        "tidegate-reason": str(letter.reason),
        "tidegate-topic": topic,
        "tidegate-partition": str(partition),
        "tidegate-offset": str(letter.offset),
        "tidegate-sha256": letter.sha256,
    }
    return Record(
        key=f"{topic}/{partition}/{letter.offset}".encode(),
        value=letter.body,
        headers=tuple((name, text.encode()) for name, text in headers.items()),
    )
