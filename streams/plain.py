"""Which records the compiled scanner takes, where there is one: their fields and what they may hold, as `usage` says it."""

from decimal import Decimal
from functools import cache
from typing import NamedTuple, get_args

import msgspec
import numpy as np

from detectors.columns import Int8
from streams.columns import Scanner
from streams.decode import FIRST_MS, LAST_MS, MAX_COST_USD
from streams.leaves import FATES, Leaves, fate_of
from streams.usage import (
    MAX_ATTEMPT,
    MAX_BYTES,
    MAX_NAME,
    MAX_TEXT_BYTES,
    MAX_TOKENS,
    TOKENS,
    Amount,
    Cohort,
    Job,
    Name,
    Result,
    Text,
    Tokens,
    Usage,
    Whole,
)

try:
    from streams import scan
except ImportError:  # no compiler where it was installed
    scan = None  # type: ignore[assignment]

_RESULTS: tuple[Result, ...] = get_args(Result)
_STATUSES = 1000


def compiled() -> bool:
    """Whether there is a scanner; without it every record is parsed by itself, at half the speed."""
    return scan is not None


class Field(NamedTuple):
    """A field of a record, as the scanner is told of it.

    Attributes:
        name: of the field, as every word a part of the record's ASCII.
        kind: what its value has to be.
        place: of a count of tokens among TOKENS.
        most: characters of a text; otherwise the largest number, where there is one.
        required: whether a record without it is none.
        words: the only ones, where it is a word.
    """

    name: bytes
    kind: "scan.Kind"
    place: int
    most: int
    required: bool
    words: tuple[bytes, ...]


def scanner(leaves: Leaves) -> Scanner | None:
    """What makes columns of plain records and knows the leaves; None where it was not compiled."""
    if not compiled():
        return None
    return scan.Scanner(
        _fields(),
        [name.encode() for name in leaves.names],
        leaves.number,
        _fates(),
        first_ms=FIRST_MS,
        last_ms=LAST_MS,
        most_bytes=MAX_BYTES,
    )


@cache
def _fields() -> list[Field]:
    """The fields of a usage record.

    Raises:
        KeyError: for a field of a type that the scanner does not know.
    """
    kinds = {
        Text | None: scan.Kind.TEXT,
        Name: scan.Kind.NAME,
        Tokens | None: scan.Kind.TOKENS,
        Amount | None: scan.Kind.AMOUNT,
        Whole | None: scan.Kind.WHOLE,
        Result | None: scan.Kind.RESULT,
        Cohort | None: scan.Kind.WORD,
        Job | None: scan.Kind.WORD,
        Decimal | None: scan.Kind.MONEY,
        bool | None: scan.Kind.FLAG,
    }
    own = {
        "ts": scan.Kind.MOMENT,
        "latency_ms": scan.Kind.LATENCY,
        "quality": scan.Kind.SHARE,
        "status": scan.Kind.STATUS,
        "attempt": scan.Kind.ATTEMPT,
    }
    words = {"result": _RESULTS, "cohort": get_args(Cohort), "job": get_args(Job)}
    most = {
        scan.Kind.NAME: MAX_NAME,
        scan.Kind.TOKENS: MAX_TOKENS,
        scan.Kind.ATTEMPT: MAX_ATTEMPT,
        scan.Kind.SHARE: 1,
        scan.Kind.MONEY: int(MAX_COST_USD),
    }
    fields = []
    for each in msgspec.structs.fields(Usage):
        kind = own[each.name] if each.name in own else kinds[each.type]
        fields.append(
            Field(
                each.name.encode(),
                kind,
                TOKENS.index(each.name) if kind == scan.Kind.TOKENS else 0,
                most.get(kind, MAX_TEXT_BYTES),
                each.required,
                tuple(word.encode() for word in words.get(each.name, ())),
            )
        )
    return fields


@cache
def _fates() -> Int8:
    """The place in FATES by result, none first, and by status, none first; statuses beyond are left to `leaves.Fates`."""
    statuses = [None, *range(_STATUSES)]
    return np.array([[FATES.index(fate_of(result, status)) for status in statuses] for result in (None, *_RESULTS)], np.int8)
