"""Usages -> numbers of leaves: what all records of one kind share, looked up once instead of a record."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from detectors.facts import COLUMN, Int64
from detectors.scope import Rollup
from streams.charge import Charges
from streams.price import Book
from streams.tally import Tally
from streams.usage import Usage, result_of

_PRICED_BY = ("provider", "response_model", "model", "service_tier")
_FATE = ("result", "status", "attempt")
_BY_RESULT = {"ok": "successes", "throttled": "throttled", "timeout": "timeouts", "cancelled": "cancelled"}

LeafKey = tuple[Any, ...]


def fate_of(result: str | None, status: int | None) -> str:
    """The one column of `detectors.facts.SUMS` that counts how an attempt ended.

    >>> fate_of(None, 200), fate_of(None, 503), fate_of("error", 422), fate_of("error", None)
    ('successes', 'overloaded', 'client_errors', 'other_errors')
    """
    ended = result_of(result, status)  # type: ignore[arg-type]
    if ended != "error":
        return _BY_RESULT[ended]
    if status is None or status < 400:
        return "other_errors"
    if status in (503, 529):
        return "overloaded"
    return "server_errors" if status >= 500 else "client_errors"


class Leaves:
    """Every combination of dimensions, price words and fate that was met, by number, with all that follows from it.

    Attributes of the arrays, one row a leaf:
        scope: number of the leaf's scope in each roll-up, -1 where a dimension is empty; shape (leaves, roll-ups).
        tariff: number of its tariff in `charges`; priced: False where that is the bound for unknown models.
        fate: column of SUMS that counts how it ended; first: 1 for a first attempt; model: number in the tally.
    """

    def __init__(self, rollups: Sequence[Rollup], book: Book, tally: Tally) -> None:
        self._rollups = tuple(rollups)
        self._book = book
        self._tally = tally
        names = list(dict.fromkeys([*(d for rollup in rollups for d in rollup), *_PRICED_BY]))
        self._key_of: Callable[[Usage], LeafKey] = attrgetter(*names, *_FATE)
        self._places = [tuple(names.index(d) for d in rollup) for rollup in rollups]
        self._price_places = tuple(names.index(name) for name in _PRICED_BY)
        self.clear()

    def clear(self) -> None:
        """Forget all leaves."""
        self.charges = Charges()
        self._number: dict[LeafKey, int] = {}
        self._texts: dict[Any, Any] = {}
        self._scopes: list[dict[tuple[str, ...], int]] = [{} for _ in self._rollups]
        self._ranks: list[Int64] = [np.zeros(0, np.int64) for _ in self._rollups]
        self._sorted: list[list[tuple[str, ...]]] = [[] for _ in self._rollups]
        self._table = np.zeros((1024, len(self._rollups) + 5), np.int64)

    def __len__(self) -> int:
        return len(self._number)

    @property
    def scope(self) -> Int64:
        """See the class."""
        return self._table[: len(self), 5:]

    def column(self, name: str) -> Int64:
        """`tariff`, `priced`, `fate`, `first` or `model`; see the class."""
        column: Int64 = self._table[: len(self), _COLUMNS.index(name)]
        return column

    def numbers(self, usages: Sequence[Usage]) -> Int64:
        """The leaf of each usage."""
        keys = list(map(self._key_of, usages))
        numbers = list(map(self._number.get, keys))
        if None in numbers:
            numbers = [self.admit(key) if number is None else number for key, number in zip(keys, numbers, strict=True)]
        return np.array(numbers, np.int64)

    def keys(self, numbers: Sequence[int]) -> list[LeafKey]:
        """The leaves that have these numbers, as `admit` takes them."""
        keys = list(self._number)
        return [keys[number] for number in numbers]

    def admit(self, key: LeafKey) -> int:
        """The number of a leaf, new or known."""
        key = tuple(self._texts.setdefault(part, part) for part in key)
        number = self._number.setdefault(key, len(self._number))
        if number == len(self._number) - 1:
            if number == len(self._table):
                self._table = np.concatenate([self._table, np.zeros_like(self._table)])
            self._table[number] = self._row(key)
        return number

    def _row(self, key: LeafKey) -> list[int]:
        provider, response_model, model, service_tier = (key[place] or "" for place in self._price_places)
        tariff = self._book.tariff(provider=provider, response_model=response_model, model=model, service_tier=service_tier)
        result, status, attempt = key[-3:]
        fixed = [
            self.charges.admit(tariff),
            int(tariff.known),
            COLUMN[fate_of(result, status)],
            int(attempt is None or attempt == 1),
            self._tally.model_number(model),
        ]
        return fixed + [self._scope(i, tuple(key[place] for place in places)) for i, places in enumerate(self._places)]

    def _scope(self, rollup: int, values: tuple[str | None, ...]) -> int:
        if not all(values):
            return -1
        scopes = self._scopes[rollup]
        return scopes.setdefault(values, len(scopes))  # type: ignore[arg-type]  # none of them is None

    def ranked(self, rollup: int) -> tuple[Int64, Sequence[tuple[str, ...]]]:
        """Place of each scope number of a roll-up in the order of the values, and the values in that order."""
        scopes, known = self._scopes[rollup], self._ranks[rollup]
        if len(known) != len(scopes):
            values = self._sorted[rollup]
            values.extend(list(scopes)[len(known) :])
            values.sort()
            ranks = np.empty(len(scopes), np.int64)
            ranks[[scopes[each] for each in values]] = np.arange(len(scopes))
            self._ranks[rollup] = ranks
        return self._ranks[rollup], self._sorted[rollup]


_COLUMNS = ("tariff", "priced", "fate", "first", "model")
