"""Columns of tokens and tariffs -> nano-dollars, exact and many at a time."""

import numpy as np

from detectors.columns import Int32
from detectors.facts import Int64
from streams.price import half_even
from streams.tariff import FEMTO_PER_NANO, Span, Step, Tariff

_SAFE = 9.0e18
"""Femto-dollars below this fit into int64 together with the error of the estimate."""


class Charges:
    """The tariffs that are in use, by number, as arrays; what `Book.cost` says, for columns.

    Of every tariff one span of time is at hand. A record outside of it fetches the span that it lies in.
    """

    def __init__(self) -> None:
        self._tariffs: list[Tariff] = []
        self._number: dict[int, int] = {}
        self._start_ms = np.zeros(0, np.int64)
        self._end_ms = np.zeros(0, np.int64)
        self._row = np.zeros(0, np.int64)
        self._rates = np.zeros((6, 0), np.int64)
        self._above = np.zeros(0, np.int64)
        self._rows: dict[tuple[int, tuple[Step, ...]], int] = {}

    def admit(self, tariff: Tariff) -> int:
        """The number of a tariff."""
        number = self._number.setdefault(id(tariff), len(self._tariffs))
        if number == len(self._tariffs):
            self._tariffs.append(tariff)  # kept alive, so that its id stays its own
            self._start_ms = np.append(self._start_ms, 0)
            self._end_ms = np.append(self._end_ms, 0)
            self._row = np.append(self._row, 0)
        return number

    def nanos(self, numbers: Int32 | Int64, ts_ms: Int64, tokens: Int64) -> Int64:
        """What records cost by their tariffs, shape (n,).

        Args:
            numbers: of the tariffs, shape (n,).
            ts_ms: event times, shape (n,).
            tokens: shape (5, n), in the order of `columns.TOKENS`.
        """
        rates = self._rates_of(numbers, ts_ms, tokens[0])
        plain_input, output, read, write, reasoning = tokens
        counts = np.stack([plain_input - read - write, read, write, output - reasoning, reasoning, np.ones_like(output)])
        if float(counts.max(initial=0)) * float(rates.max(initial=0)) * len(counts) < _SAFE:
            return _half_even((counts * rates).sum(axis=0))
        too_large = (counts.astype(np.float64) * rates).sum(axis=0) > _SAFE
        nanos = _half_even((np.where(too_large, 0, counts) * rates).sum(axis=0))
        for i in np.flatnonzero(too_large):
            nanos[i] = half_even(sum(a * b for a, b in zip(counts[:, i].tolist(), rates[:, i].tolist(), strict=True)))
        return nanos

    def _rates_of(self, numbers: Int32 | Int64, ts_ms: Int64, input_tokens: Int64) -> Int64:
        rows = self._row[numbers]
        elsewhere = (ts_ms < self._start_ms[numbers]) | (ts_ms >= self._end_ms[numbers])
        for i in np.flatnonzero(elsewhere):
            rows[i] = self._move(int(numbers[i]), int(ts_ms[i]))
        while (higher := input_tokens > self._above[rows]).any():
            rows = rows + higher
        return self._rates[:, rows]

    def _move(self, number: int, at_ms: int) -> int:
        """Bring the span of an instant to hand; the number of its first row."""
        if not self._start_ms[number] <= at_ms < self._end_ms[number]:
            span = self._tariffs[number].span(at_ms)
            key = (number, span.steps)
            row = self._rows.get(key)
            if row is None:
                row = self._rows[key] = self._append(span)
            self._start_ms[number], self._end_ms[number], self._row[number] = span.start_ms, span.end_ms, row
        return int(self._row[number])

    def _append(self, span: Span) -> int:
        first = len(self._above)
        above = [*(step.above for step in span.steps[1:]), 2**62]
        self._rates = np.concatenate([self._rates, np.array([step.rates for step in span.steps], np.int64).T], axis=1)
        self._above = np.concatenate([self._above, np.array(above, np.int64)])
        return first


def _half_even(femto_dollars: Int64) -> Int64:
    nanos, rest = np.divmod(femto_dollars, FEMTO_PER_NANO)
    half = FEMTO_PER_NANO // 2
    up: Int64 = nanos + ((rest > half) | ((rest == half) & (nanos % 2 == 1)))
    return up
