from detectors.facts import Int64

CHECKED_FROM: int
RECORDS_FROM: int

class Stored:
    begin: int
    end: int
    crc: int
    base_offset: int
    next_offset: int
    attributes: int
    producer_id: int
    count: int
    plausible: bool
    def __init__(self, raw: bytes, begin: int, end: int) -> None: ...
    def decompressed(self, records: bytes) -> None: ...

class Unpacked:
    values: list[bytes | None]
    room: int
    def __init__(self, numbers: Int64) -> None: ...
    def take(self, stored: Stored) -> None: ...
