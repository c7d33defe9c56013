"""A batch of values -> columns of the accepted usages, and the refused ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.facts import Float64, Int64
from streams.decode import FIRST_MS, LAST_MS, Parsed, Refused, cost_nanos, fault, parse_batch
from streams.usage import TOKENS, Usage, ts_ms

_number_of = [attrgetter(name) for name in (*TOKENS, "latency_ms")]
_ts_of, _cost_of = attrgetter("ts"), attrgetter("cost_usd")
_FAR_MS = 1 << 62


@dataclass(frozen=True, slots=True)
class Columns:
    """Accepted usages of a batch, one entry each.

    Attributes:
        event_ids: as UTF-8.
        position: where in the batch each stood.
        ts_ms: event time.
        tokens: int64 of shape (5, n) in the order of TOKENS; unknown counts, and parts of unknown totals, are 0.
        unknown_input, unknown_output: where the count is unknown.
        latency_ms: NaN where absent.
        billed_nanos: -1 where the sender does not know the cost.
        leaf, fate: numbers of `leaves.Leaves` and `leaves.Fates`; -1 where they have to be asked, about the usage in `parsed`.
        parsed: usages by position.
    """

    event_ids: list[bytes]
    position: Int64
    ts_ms: Int64
    tokens: Int64
    unknown_input: NDArray[np.bool_]
    unknown_output: NDArray[np.bool_]
    latency_ms: Float64
    billed_nanos: Int64
    leaf: Int64
    fate: Int64
    parsed: dict[int, Usage]

    def __len__(self) -> int:
        return len(self.event_ids)

    def where(self, mask: NDArray[np.bool_]) -> "Columns":
        """The entries where the mask is True."""
        if bool(mask.all()):
            return self
        return Columns(
            list(compress(self.event_ids, mask.tolist())),
            self.position[mask],
            self.ts_ms[mask],
            self.tokens[:, mask],
            self.unknown_input[mask],
            self.unknown_output[mask],
            self.latency_ms[mask],
            self.billed_nanos[mask],
            self.leaf[mask],
            self.fate[mask],
            self.parsed,
        )


class Scanner(Protocol):
    """What makes columns of plain records; see `streams.plain`."""

    def scan(self, values: Sequence[bytes | None], columns: Columns) -> list[int]:
        """Write the entries of the plain ones, each in its place; the positions of the others."""


def columns_of(values: Sequence[bytes | None], scanner: Scanner | None = None) -> tuple[Columns, list[Refused]]:
    """What `decode` says of each value, as columns; those that are plain to the scanner are never objects."""
    if scanner is None:
        return _of_parsed(parse_batch(values))
    count = len(values)
    columns = Columns(
        [b""] * count,
        np.arange(count),
        np.empty(count, np.int64),
        np.empty((len(TOKENS), count), np.int64),
        np.empty(count, np.bool_),
        np.empty(count, np.bool_),
        np.empty(count, np.float64),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        {},
    )
    odd = scanner.scan(values, columns)
    if not odd:
        return columns, []
    if len(odd) == count:
        return _of_parsed(parse_batch(values))
    others, refused = _of_parsed(parse_batch([values[position] for position in odd]))
    _scatter(others, columns, np.array(odd, np.int64)[others.position])
    refused = [Refused(odd[position], reason) for position, reason in refused]
    accepted = np.ones(count, np.bool_)
    accepted[[position for position, _ in refused]] = False
    return columns.where(accepted), refused


def _scatter(others: Columns, columns: Columns, places: Int64) -> None:
    """Put the entries of others at these places of the columns."""
    for place, event_id, own in zip(places.tolist(), others.event_ids, others.position.tolist(), strict=True):
        columns.event_ids[place] = event_id
        columns.parsed[place] = others.parsed[own]
    columns.tokens[:, places] = others.tokens
    for name in ("ts_ms", "unknown_input", "unknown_output", "latency_ms", "billed_nanos", "leaf", "fate"):
        getattr(columns, name)[places] = getattr(others, name)


def _of_parsed(parsed: Parsed) -> tuple[Columns, list[Refused]]:
    usages = parsed.usages
    if not usages:
        return _empty(), parsed.refused
    costs = list(map(_cost_of, usages))
    at_ms = _milliseconds(usages)
    numbers = np.empty((len(_number_of), len(usages)))
    for row, number_of in zip(numbers, _number_of, strict=True):
        row[:] = np.fromiter(map(number_of, usages), np.float64, len(usages))
    unknown = np.isnan(numbers[:5])
    tokens = np.where(unknown, 0.0, numbers[:5]).astype(np.int64)
    suspect = _suspect(at_ms, tokens, costs)
    faults = {int(i): reason for i in np.flatnonzero(suspect) if (reason := fault(usages[i])) is not None}
    billed = np.full(len(usages), -1, np.int64)
    if costs.count(None) != len(costs):
        known = {i: cost_nanos(cost) for i, cost in enumerate(costs) if cost is not None and i not in faults}
        billed[list(known)] = list(known.values())
    tokens[2:4, unknown[0]] = 0
    tokens[4, unknown[1]] = 0
    asked = np.full(len(usages), -1, np.int64)
    columns = Columns(
        [usage.event_id.encode() for usage in usages],
        np.array(parsed.positions, np.int64),
        at_ms,
        tokens,
        unknown[0],
        unknown[1],
        numbers[5],
        billed,
        asked,
        asked,
        dict(zip(parsed.positions, usages, strict=True)),
    )
    if not faults:
        return columns, parsed.refused
    keep = np.ones(len(usages), np.bool_)
    keep[list(faults)] = False
    refused = [*parsed.refused, *(Refused(int(columns.position[i]), reason) for i, reason in faults.items())]
    return columns.where(keep), sorted(refused)


def _milliseconds(usages: Sequence[Usage]) -> Int64:
    try:
        return np.fromiter(map(_ts_of, usages), np.int64, len(usages))
    except (TypeError, OverflowError):
        return np.array([max(-_FAR_MS, min(ts_ms(usage), _FAR_MS)) for usage in usages], np.int64)


def _suspect(at_ms: Int64, tokens: Int64, costs: Sequence[object]) -> NDArray[np.bool_]:
    """Where `fault` has to look: nowhere else does it find anything."""
    suspect: NDArray[np.bool_] = (
        (at_ms < FIRST_MS) | (at_ms >= LAST_MS) | (tokens[2] + tokens[3] > tokens[0]) | (tokens[4] > tokens[1])
    )
    if costs.count(None) != len(costs):
        suspect |= np.array([cost is not None for cost in costs], np.bool_)
    return suspect


def _empty() -> Columns:
    none, no = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    return Columns([], none, none, np.zeros((5, 0), np.int64), no, no, np.zeros(0, np.float64), none, none, none, {})
