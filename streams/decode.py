"""Bytes of a record -> accepted usage, or the reason why it is refused."""

import enum
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

import msgspec
import numpy as np

from streams.usage import MAX_BYTES, MAX_TEXT_BYTES, TEXTS, Usage, ts_ms

MAX_DEPTH = 64
"""Deepest nesting of a record. A fixed number, since the decoder's own limit moves with the depth of the caller's stack."""

FIRST_MS = 978_307_200_000
LAST_MS = 4_102_444_800_000
"""2001 to 2100 in milliseconds: what lies outside is seconds, microseconds or nonsense."""

MAX_COST_USD = Decimal(1_000_000)

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NANO = Decimal("1E-9")
_BRACE = ord("{")
_decoder = msgspec.json.Decoder(Usage)


class Reason(enum.StrEnum):
    """Why a record is refused: the closed list of design 4.1."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    MISSING = "missing"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    BAD_TIMESTAMP = "bad_timestamp"
    SUBSET_EXCEEDS_TOTAL = "subset_exceeds_total"
    TOO_OLD = "too_old"
    FUTURE = "future"


class RefusedError(ValueError):
    """A record that is no usage; goes to the dead letters under `reason`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Refused(NamedTuple):
    """A refused record of a batch, by its position there."""

    position: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Parsed:
    """A batch after parsing: usages in order, the position of each in the batch, and the refused ones."""

    usages: list[Usage]
    positions: list[int]
    refused: list[Refused] = field(default_factory=list)


def decode(raw: bytes | None) -> Usage:
    """The usage in one record.

    Null and absent are the same, but for the two token counts, whose null is an unknown usage. Characters that are refused, and
    an empty string where one is required, are `out_of_range`; so is a word that a closed list does not have. A missing value is
    `not_json` (a tombstone), a JSON value that is no object `wrong_type`.

    Raises:
        RefusedError: with the reason.
    """
    usage = _parse(raw)
    reason = fault(usage)
    if reason is not None:
        raise RefusedError(reason)
    return usage


def parse_batch(values: Sequence[bytes | None]) -> Parsed:
    """The records of the right types among values; `fault` has still to be asked about each."""
    usages = _parse_plain(values)
    if usages is not None:
        return Parsed(usages, list(range(len(usages))))
    parsed = Parsed([], [])
    for position, raw in enumerate(values):
        try:
            usage = _parse(raw)
        except RefusedError as refused:
            parsed.refused.append(Refused(position, refused.reason))
        else:
            parsed.usages.append(usage)
            parsed.positions.append(position)
    return parsed


def fault(usage: Usage) -> Reason | None:
    """What is wrong with a record of the right types."""
    if not FIRST_MS <= ts_ms(usage) < LAST_MS:
        return Reason.BAD_TIMESTAMP
    subset = (usage.cached_input_tokens or 0) + (usage.cache_write_tokens or 0)
    if usage.input_tokens is not None and subset > usage.input_tokens:
        return Reason.SUBSET_EXCEEDS_TOTAL
    if usage.output_tokens is not None and (usage.reasoning_tokens or 0) > usage.output_tokens:
        return Reason.SUBSET_EXCEEDS_TOTAL
    cost = usage.cost_usd
    if cost is not None and not (cost.is_finite() and 0 <= cost <= MAX_COST_USD):
        return Reason.OUT_OF_RANGE
    return None


def cost_nanos(cost_usd: Decimal) -> int:
    """Billed dollars as nano-dollars, rounded half-even once; cheap for any exponent."""
    return int(cost_usd.quantize(_NANO, ROUND_HALF_EVEN).scaleb(9)) if cost_usd.adjusted() >= -10 else 0


def _parse_plain(values: Sequence[bytes | None]) -> list[Usage] | None:
    """All usages of a batch in which nothing needs a second look, else None."""
    try:
        joined = b"".join(values)  # type: ignore[arg-type]  # a None among them raises TypeError
    except TypeError:
        return None
    if not joined.isascii() or b"\\" in joined or b"\x7f" in joined or max(map(len, values), default=0) > MAX_BYTES:  # type: ignore[arg-type]
        return None
    if b"[" in joined or np.count_nonzero(np.frombuffer(joined, np.uint8) == _BRACE) != len(values):
        return None
    try:
        return list(map(_decoder.decode, values))  # type: ignore[arg-type]
    except (msgspec.DecodeError, RecursionError):
        return None


def _parse(raw: bytes | None) -> Usage:
    if raw is None:
        raise RefusedError(Reason.NOT_JSON)
    if len(raw) > MAX_BYTES:
        raise RefusedError(Reason.TOO_LARGE)
    plain = raw.isascii()
    if not plain:
        try:
            raw.decode()
        except UnicodeDecodeError:
            raise RefusedError(Reason.NOT_UTF8) from None
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
        raise RefusedError(Reason.TOO_DEEP)
    try:
        usage = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise RefusedError(_reason_of(str(error)) if _is_json(raw) else Reason.NOT_JSON) from None
    except msgspec.DecodeError:
        raise RefusedError(Reason.NOT_JSON) from None
    except RecursionError:
        raise RefusedError(Reason.TOO_DEEP) from None
    return usage if plain and b"\\" not in raw and b"\x7f" not in raw else _with_clean_texts(usage)


def _is_json(raw: bytes) -> bool:
    """Whether the record is well-formed to its end; the typed decoder stops where the first type is wrong."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _depth(raw: bytes) -> int:
    """How deep objects and arrays are nested, strings aside."""
    octets = np.frombuffer(_STRING.sub(b"", raw), np.uint8)
    up = (octets == ord("{")) | (octets == ord("["))
    down = (octets == ord("}")) | (octets == ord("]"))
    return int(np.cumsum(up.astype(np.int64) - down).max(initial=0))


def _reason_of(message: str) -> Reason:
    """The reason in a message of msgspec; `tests/streams/test_decode.py` holds its wording to account."""
    if message.startswith("Object missing") or (", got `null`" in message and " - at " in message):
        return Reason.MISSING
    if message.endswith("`$.ts`"):
        kind = message.rpartition(", got ")[2]
        return Reason.WRONG_TYPE if kind.startswith(("`bool`", "`array`", "`object`")) else Reason.BAD_TIMESTAMP
    if message.startswith(("Expected `", "Invalid decimal")) and (", got `" in message or "decimal" in message):
        return Reason.WRONG_TYPE
    return Reason.OUT_OF_RANGE


def _with_clean_texts(usage: Usage) -> Usage:
    for name in TEXTS:
        text = getattr(usage, name)
        if not text:
            continue
        if not text.isascii():
            normal = unicodedata.normalize("NFC", text)
            if max(len(text.encode()), len(normal.encode())) > MAX_TEXT_BYTES:
                raise RefusedError(Reason.OUT_OF_RANGE)
            msgspec.structs.force_setattr(usage, name, normal)
            text = normal
        if _FORBIDDEN.search(text):
            raise RefusedError(Reason.OUT_OF_RANGE)
    return usage
