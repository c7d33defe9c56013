from collections.abc import Sequence
from enum import IntEnum

from detectors.columns import Int8
from streams.columns import Columns
from streams.plain import Field

class Kind(IntEnum):
    TEXT = 0
    NAME = 1
    MOMENT = 2
    TOKENS = 3
    LATENCY = 4
    AMOUNT = 5
    SHARE = 6
    WHOLE = 7
    STATUS = 8
    ATTEMPT = 9
    RESULT = 10
    WORD = 11
    MONEY = 12
    FLAG = 13

class Scanner:
    def __init__(
        self,
        fields: Sequence[Field],
        leaf_fields: Sequence[bytes],
        leaves: dict[bytes, int],
        fates: Int8,
        *,
        first_ms: int,
        last_ms: int,
        most_bytes: int,
    ) -> None: ...
    def scan(self, values: Sequence[bytes | None], columns: Columns) -> list[int]: ...
