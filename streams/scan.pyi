from collections.abc import Sequence
from enum import IntEnum

from detectors.columns import Int8
from streams.columns import Columns
from streams.plain import Field

class Kind(IntEnum):
    TEXT: int
    NAME: int
    MOMENT: int
    TOKENS: int
    LATENCY: int
    AMOUNT: int
    SHARE: int
    WHOLE: int
    STATUS: int
    ATTEMPT: int
    RESULT: int
    WORD: int
    MONEY: int
    FLAG: int

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
