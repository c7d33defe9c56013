from detectors.facts import Int64

class Stored:
    count: int
    def __init__(self, raw: bytes, begin: int, end: int, count: int, base_offset: int, first_ms: int, same_ms: bool) -> None: ...

class Unpacked:
    values: list[bytes | None]
    room: int
    def __init__(self, numbers: Int64) -> None: ...
    def take(self, stored: Stored) -> None: ...
