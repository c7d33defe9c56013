"""Usages -> numbers of leaves: what all records of one kind share, looked up once instead of a record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np

from detectors.columns import Int32
from detectors.facts import Int64
from detectors.numerals import numeral
from detectors.scope import Rollup
from streams.charge import Charges
from streams.price import Book
from streams.rollups import has_histograms
from streams.tally import Tally
from streams.usage import Result, Usage, result_of

_PRICED_BY = ("provider", "response_model", "model", "service_tier")
_BY_RESULT = {"ok": "successes", "throttled": "throttled", "timeout": "timeouts", "cancelled": "cancelled"}
FATES = ("successes", "throttled", "timeouts", "cancelled", "overloaded", "server_errors", "client_errors", "other_errors")
"""The columns of SUMS of which each record counts in one."""

_fate_key = attrgetter("result", "status", "attempt")
_UNKNOWN = repeat(-1)


def fate_of(result: Result | None, status: int | None) -> str:
    """The one column of `detectors.facts.SUMS` that counts how an attempt ended.

    >>> fate_of(None, 200), fate_of(None, 503), fate_of("error", 422), fate_of("error", None)
    ('successes', 'overloaded', 'client_errors', 'other_errors')
    """
    ended = result_of(result, status)
    if ended != "error":
        return _BY_RESULT[ended]
    if status is None or status < 400:
        return "other_errors"
    if status in (503, 529):
        return "overloaded"
    return "server_errors" if status >= 500 else "client_errors"


class Fates:
    """How attempts ended, as numbers: twice the place in FATES, plus 1 for a retry."""

    def __init__(self) -> None:
        self._known: dict[tuple[Result | None, int | None, int | None], int] = {}

    def numbers(self, usages: Sequence[Usage]) -> Int64:
        """The fate of each usage."""
        keys = list(map(_fate_key, usages))
        numbers = np.fromiter(map(self._known.get, keys, _UNKNOWN), np.int64, len(keys))
        for i in np.flatnonzero(numbers < 0).tolist():
            numbers[i] = self._number(*keys[i])
        return numbers

    def _number(self, result: Result | None, status: int | None, attempt: int | None) -> int:
        number = 2 * FATES.index(fate_of(result, status)) + (attempt is not None and attempt > 1)
        if len(self._known) < _KEPT_FATES:
            self._known[result, status, attempt] = number
        return number


_KEPT_FATES = 10_000


class Leaves:
    """Every combination of dimensions and price words that was met, by number, with all that follows from it.

    Attributes of the arrays, one row a leaf:
        scope: number of the leaf's scope in each roll-up, -1 where a dimension is empty; shape (leaves, roll-ups).
        tariff: number of its tariff in `charges`; priced: False where that is the bound for unknown models.
        model: number in the tally.

    `names` are the fields that tell leaves apart, `number` is each leaf by its key; the scanner reads both.
    `with_histograms` says which roll-ups have histograms, shape (roll-ups,).
    """

    def __init__(self, rollups: Sequence[Rollup], book: Book, tally: Tally) -> None:
        self._rollups = tuple(rollups)
        self.with_histograms = np.array([has_histograms(rollup) for rollup in rollups], np.bool_)
        self._book = book
        self._tally = tally
        names = list(dict.fromkeys([*(d for rollup in rollups for d in rollup), *_PRICED_BY]))
        self.names = tuple(names)
        self._texts_of: Callable[[Usage], tuple[str | None, ...]] = attrgetter(*names)
        self.number: dict[bytes, int] = {}
        self._values_of = [_picker([names.index(d) for d in rollup]) for rollup in rollups]
        self._words_of = itemgetter(*(names.index(name) for name in _PRICED_BY))
        self.clear()

    def clear(self) -> None:
        """Forget all leaves."""
        self.charges = Charges()
        self.number.clear()
        self._texts: dict[str, str] = {}
        self._priced: dict[tuple[str, ...], list[int]] = {}
        self._scopes: list[dict[tuple[str, ...], int]] = [{} for _ in self._rollups]
        self._ranking = _ranking(self._scopes, [[] for _ in self._rollups])
        self._table = np.zeros((1024, _FIXED + len(self._rollups)), np.int32)

    def __len__(self) -> int:
        return len(self.number)

    @property
    def tariff(self) -> Int32:
        """See the class."""
        return self._table[:, 0]

    @property
    def priced(self) -> Int32:
        """See the class."""
        return self._table[:, 1]

    @property
    def model(self) -> Int32:
        """See the class."""
        return self._table[:, 2]

    @property
    def scope(self) -> Int32:
        """See the class."""
        return self._table[:, _FIXED:]

    def numbers(self, usages: Sequence[Usage]) -> Int64:
        """The leaf of each usage."""
        keys = [key_of(texts) for texts in map(self._texts_of, usages)]
        numbers = np.fromiter(map(self.number.get, keys, _UNKNOWN), np.int64, len(keys))
        return self.admit(keys) if (numbers < 0).any() else numbers

    def keys(self, numbers: Sequence[int]) -> list[bytes]:
        """The leaves that have these numbers, as `admit` takes them."""
        keys = list(self.number)
        return [keys[number] for number in numbers]

    def admit(self, keys: Sequence[bytes]) -> Int64:
        """The number of each leaf, new or known."""
        known, before = self.number, len(self.number)
        numbers, rows = [], []
        for key in keys:
            number = known.get(key)
            if number is None:
                number = known[key] = numeral(len(known))
                rows.append(self._row(key))
            numbers.append(number)
        if rows:
            if len(known) > len(self._table):
                more = max(len(known) - len(self._table), len(self._table) // 4)
                self._table = np.concatenate([self._table, np.zeros((more, self._table.shape[1]), np.int32)])
            self._table[before : len(known)] = rows
        return np.array(numbers, np.int64)

    def _row(self, key: bytes) -> list[int]:
        texts = tuple([self._texts.setdefault(text, text) for text in key.decode().split(_BETWEEN)])
        words = self._words_of(texts)
        row = (self._priced.get(words) or self._price(words)).copy()
        for scopes, values_of in zip(self._scopes, self._values_of, strict=True):
            values = values_of(texts)
            row.append(scopes.setdefault(values, numeral(len(scopes))) if all(values) else -1)
        return row

    def _price(self, words: tuple[str, ...]) -> list[int]:
        """The columns that follow from the price words alone."""
        provider, response_model, model, service_tier = words
        tariff = self._book.tariff(provider=provider, response_model=response_model, model=model, service_tier=service_tier)
        self._priced[words] = [self.charges.admit(tariff), int(tariff.known), self._tally.model_number(model)]
        return self._priced[words]

    @property
    def ranking(self) -> "Ranking":
        """The order of the scopes that are known."""
        if sum(map(len, self._scopes)) != len(self._ranking.rank):
            for scopes, values in zip(self._scopes, self._ranking.values, strict=True):
                values.extend(list(scopes)[len(values) :])
                values.sort()
            self._ranking = _ranking(self._scopes, self._ranking.values)
        return self._ranking


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scopes in the order of their values.

    Attributes:
        values: of each roll-up, sorted.
        first: where each roll-up begins in `rank`.
        rank: the place in `values` of each scope by its number, roll-up after roll-up.
    """

    values: list[list[tuple[str, ...]]]
    first: Int64
    rank: Int32


def _ranking(scopes: Sequence[dict[tuple[str, ...], int]], values: list[list[tuple[str, ...]]]) -> Ranking:
    ranks = [np.zeros(len(each), np.int32) for each in scopes]
    for rank, numbers, ordered in zip(ranks, scopes, values, strict=True):
        rank[[numbers[each] for each in ordered]] = np.arange(len(ordered))
    first = np.cumsum([0, *map(len, ranks[:-1])])
    return Ranking(values, first, np.concatenate(ranks))


_FIXED = 3
_BETWEEN = "\0"
"""Between the texts of a leaf's key; no accepted text has it."""


def key_of(texts: Sequence[str | None]) -> bytes:
    """The key of the leaf with these texts, of which an empty one is absent."""
    return _BETWEEN.join([text or "" for text in texts]).encode()


def _picker(places: Sequence[int]) -> Callable[[tuple[str, ...]], tuple[Any, ...]]:
    """What takes the values at some places out of the texts of a leaf."""
    if not places:
        return lambda _texts: ()
    if len(places) == 1:
        place = slice(places[0], places[0] + 1)
        return itemgetter(place)
    return itemgetter(*places)
