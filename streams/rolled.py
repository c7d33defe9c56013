"""The facts of a chunk by cell -> the same by row of every roll-up, before the rows get their names; two such added up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.facts import COLUMN, HISTOGRAMS, SUMS, Int64
from streams.cells import BUCKET_BITS, CODES_A_HISTOGRAM, LARGEST, Facts, ordered, run_starts
from streams.incidence import Incidence
from streams.leaves import FATES, Leaves, Ranking

_MONEY = [COLUMN[name] for name in ("known_nanos", "assumed_nanos", "wasted_nanos")]
_FATE_COLUMNS = np.array([COLUMN[name] for name in FATES], np.int64)


@dataclass(frozen=True, slots=True)
class Rolled:
    """Facts by row.

    Attributes:
        ranking: the order of scopes that the rows are in.
        row: key of each row, ascending by (roll-up, late, window, rank of the scope); the rank is below `width`.
        sums: int64 of shape (rows, len(SUMS)).
        place: (histogram x rows + index of the row) x 2^BUCKET_BITS + bucket of each count, ascending.
        count: how many records have that bucket.
    """

    ranking: Ranking
    row: Int64
    sums: Int64
    place: Int64
    count: Int64

    @property
    def width(self) -> int:
        """See the class."""
        return width_of(self.ranking)

    def plus(self, more: "Rolled") -> "Rolled":
        """The facts of both, which have one ranking."""
        row = _united(self.row, more.row)
        sums = np.zeros((len(row), len(SUMS)), np.int64)
        at, then = np.searchsorted(row, self.row), np.searchsorted(row, more.row)
        sums[at] = self.sums
        added = more.sums.copy()
        added[:, _MONEY] = np.minimum(added[:, _MONEY], LARGEST - sums[then][:, _MONEY])
        sums[then] += added
        places = [_moved(each.place, its, len(row)) for each, its in ((self, at), (more, then))]
        return Rolled(self.ranking, row, sums, *_added(places, [self.count, more.count]))


def width_of(ranking: Ranking) -> int:
    """What ranks are below."""
    return max(map(len, ranking.values)) + 1


def rolled(facts: Facts, leaves: Leaves, *, windows: int) -> Rolled:
    """The facts of every row.

    Args:
        facts: by cell; the group of a cell is `late * windows + window - first_window`.
        leaves: who the cells' leaves are.
        windows: how many windows a group can tell apart.
    """
    if not len(facts.cell):
        none = np.zeros(0, np.int64)
        return Rolled(leaves.ranking, none, np.zeros((0, len(SUMS)), np.int64), none, none)
    row, incidence = _rows(facts, leaves, windows=windows)
    counted = leaves.with_histograms[row // (2 * windows * width_of(leaves.ranking))]
    counts = incidence.of_rows(counted).counts(facts)
    of = np.flatnonzero(counted)[counts.row]
    place = ((counts.code >> BUCKET_BITS) * len(row) + of) << BUCKET_BITS | (counts.code & (CODES_A_HISTOGRAM - 1))
    return Rolled(leaves.ranking, row, incidence.sums(_cell_sums(facts), _MONEY), *ordered(place, counts.count))


def _rows(facts: Facts, leaves: Leaves, *, windows: int) -> tuple[Int64, Incidence]:
    """Key of each row, and which cells it is made of."""
    scope, ranking = leaves.scope[facts.leaf], leaves.ranking
    cell, rollup = np.nonzero(scope >= 0)
    rank = ranking.rank[ranking.first[rollup] + scope[cell, rollup]]
    key = (rollup * (2 * windows) + facts.group[cell]) * width_of(ranking) + rank
    key, cell = ordered(key, cell)
    starts = run_starts(key)
    return key[starts], Incidence(len(facts.cell), starts, cell)


def _cell_sums(facts: Facts) -> Int64:
    """The sums of each cell in the order of SUMS, shape (cells, len(SUMS))."""
    unknown_price, unknown_usage = facts.cell & 1, (facts.cell >> 1) & 1
    records, nanos = facts.sums[:, 0], facts.sums[:, 6]
    fate, retry = np.divmod(facts.fate, 2)
    sums = np.zeros((len(records), len(SUMS)), np.int64)
    sums[np.arange(len(records)), _FATE_COLUMNS[fate]] = records
    for name, column in {
        "attempts": records,
        "operations": records * (1 - retry),
        "retries": records * retry,
        "known_nanos": nanos * (1 - unknown_price),
        "assumed_nanos": nanos * unknown_price,
        "wasted_nanos": nanos * (fate != FATES.index("successes")),
        "unknown_price": records * unknown_price,
        "unknown_usage": records * unknown_usage,
    }.items():
        sums[:, COLUMN[name]] = column
    tokens = COLUMN["input_tokens"]
    sums[:, tokens : tokens + 5] = facts.sums[:, 1:6]
    return sums


def _moved(place: Int64, at: Int64, rows: int) -> Int64:
    """Places among more rows; `at` says where each row is now."""
    few = len(at)
    if few == rows:
        return place
    shift = (at - np.arange(few)) << BUCKET_BITS
    bounds = np.searchsorted(place, np.arange(1, len(HISTOGRAMS)) * (few << BUCKET_BITS))
    moved = place.copy()
    for histogram, its in enumerate(np.split(moved, bounds)):
        row = (its >> BUCKET_BITS) - histogram * few
        np.add(its, shift[row] + ((histogram * (rows - few)) << BUCKET_BITS), out=its)
    return moved


def _united(many: Int64, few: Int64) -> Int64:
    """Many keys and a few others, all ascending, each once."""
    at, known = _found(many, few)
    return many if known.all() else np.insert(many, at[~known], few[~known])


def _added(places: list[Int64], counts: list[Int64]) -> tuple[Int64, Int64]:
    """The counts of few places put among those of many, both ascending."""
    (many, few), (counted, more) = places, counts
    at, known = _found(many, few)
    counted = counted.copy()
    counted[at[known]] += more[known]
    before = at[~known] + np.arange(np.count_nonzero(~known))
    old = np.ones(len(many) + len(before), np.bool_)
    old[before] = False
    place, count = np.empty(len(old), np.int64), np.empty(len(old), np.int64)
    place[old], place[before] = many, few[~known]
    count[old], count[before] = counted, more[~known]
    return place, count


def _found(many: Int64, few: Int64) -> tuple[Int64, NDArray[np.bool_]]:
    """Where each of few keys is among many, or would be, and whether it is there; all ascending."""
    at = np.searchsorted(many, few)
    return at, many[np.minimum(at, len(many) - 1)] == few if len(many) else np.zeros(len(few), np.bool_)
