"""A batch of values -> columns of the accepted usages, and the refused ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from detectors.facts import Float64, Int64
from streams.decode import FIRST_MS, LAST_MS, Refused, cost_nanos, fault, parse_batch
from streams.usage import Usage, ts_ms

TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
_number_of = [attrgetter(name) for name in (*TOKENS, "latency_ms")]
_ts_of, _cost_of = attrgetter("ts"), attrgetter("cost_usd")
_FAR_MS = 1 << 62


@dataclass(frozen=True, slots=True)
class Columns:
    """Accepted usages of a batch and their numbers, one entry each.

    Attributes:
        usages: as decoded.
        position: where in the batch each stood.
        ts_ms: event time.
        tokens: int64 of shape (5, n) in the order of TOKENS; unknown counts, and parts of unknown totals, are 0.
        unknown_input, unknown_output: where the count is unknown.
        latency_ms: NaN where absent.
        billed_nanos: -1 where the sender does not know the cost.
    """

    usages: list[Usage]
    position: Int64
    ts_ms: Int64
    tokens: Int64
    unknown_input: NDArray[np.bool_]
    unknown_output: NDArray[np.bool_]
    latency_ms: Float64
    billed_nanos: Int64

    def __len__(self) -> int:
        return len(self.usages)

    def where(self, mask: NDArray[np.bool_]) -> "Columns":
        """The entries where the mask is True."""
        if bool(mask.all()):
            return self
        return Columns(
            list(compress(self.usages, mask.tolist())),
            self.position[mask],
            self.ts_ms[mask],
            self.tokens[:, mask],
            self.unknown_input[mask],
            self.unknown_output[mask],
            self.latency_ms[mask],
            self.billed_nanos[mask],
        )


def columns_of(values: Sequence[bytes | None]) -> tuple[Columns, list[Refused]]:
    """What `decode` says of each value, as columns."""
    parsed = parse_batch(values)
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
    position = np.array(parsed.positions, np.int64)
    columns = Columns(usages, position, at_ms, tokens, unknown[0], unknown[1], numbers[5], billed)
    if not faults:
        return columns, parsed.refused
    keep = np.ones(len(usages), np.bool_)
    keep[list(faults)] = False
    refused = [*parsed.refused, *(Refused(int(position[i]), reason) for i, reason in faults.items())]
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
    return Columns([], none, none, np.zeros((5, 0), np.int64), no, no, np.zeros(0, np.float64), none)
