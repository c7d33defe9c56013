"""The facts of a chunk by leaf -> its facts by scope of every roll-up."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from detectors.facts import COLUMN, HISTOGRAMS, SUMS, Int64
from detectors.scope import Rollup
from streams.block import RollupRows, Triple, no_rows
from streams.cells import CODE_BITS, CODES_A_HISTOGRAM, LARGEST, LEAF_BITS, STATE_BITS, Facts, leaf_of
from streams.leaves import Leaves

_CODES = 1 << CODE_BITS
_MONEY = [COLUMN[name] for name in ("known_nanos", "assumed_nanos", "wasted_nanos")]


def rollup_rows(
    facts: Facts, leaves: Leaves, rollups: Sequence[Rollup], *, first_window: int, windows: int
) -> dict[Rollup, RollupRows]:
    """The rows of every roll-up.

    A sparse matrix says which cells make up which row; times the sums of the cells it gives the sums of the rows, times
    their histograms the histograms. All of it integers.

    Args:
        facts: by cell; the group of a cell is `late * windows + window - first_window`.
        leaves: who the cells' leaves are.
        rollups: as `leaves` knows them.
        first_window: the number of the first window in groups.
        windows: how many windows a group can tell apart.
    """
    if not len(facts.cell):
        return {rollup: no_rows(rollup) for rollup in rollups}
    ranked = [leaves.ranked(i) for i in range(len(rollups))]
    width = max(len(values) for _, values in ranked) + 1
    row_key, member = _members(facts, leaves, [ranks for ranks, _ in ranked], windows=windows, width=width)
    sums = _saturated(member, _leaf_sums(facts, leaves))
    group, rank = np.divmod(row_key, width)
    rollup_of_row, group = np.divmod(group, 2 * windows)
    bounds = np.searchsorted(rollup_of_row, np.arange(len(rollups) + 1))
    scope_key, scope = np.unique(rollup_of_row * width + rank, return_inverse=True)
    scope_bounds = np.searchsorted(scope_key, np.arange(len(rollups) + 1) * width)
    scope -= scope_bounds[rollup_of_row]
    histograms = _histograms(member, facts, bounds, rollup_of_row)
    found = {}
    for i, rollup in enumerate(rollups):
        low, high = bounds[i], bounds[i + 1]
        values = ranked[i][1]
        places = scope_key[scope_bounds[i] : scope_bounds[i + 1]] - i * width
        found[rollup] = RollupRows(
            rollup,
            [values[place] for place in places.tolist()],
            scope[low:high],
            group[low:high] % windows + first_window,
            group[low:high] >= windows,
            sums[low:high],
            histograms[i],
        )
    return found


def _members(facts: Facts, leaves: Leaves, ranks: Sequence[Int64], *, windows: int, width: int) -> tuple[Int64, csr_array]:
    """Key of each row, ascending, and the matrix (rows, cells) of which cells it is made of."""
    leaf = leaf_of(facts.cell)
    group = facts.cell >> (STATE_BITS + LEAF_BITS)
    scope = leaves.scope[leaf]
    keys, cells = [], []
    for i, rank in enumerate(ranks):
        inside = np.flatnonzero(scope[:, i] >= 0)
        if len(inside):
            keys.append((group[inside] + i * 2 * windows) * width + rank[scope[inside, i]])
            cells.append(inside)
    key, cell = np.concatenate(keys), np.concatenate(cells)
    order = np.argsort(key)
    key = key[order]
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    pointers = np.append(starts, len(key))
    return key[starts], csr_array((np.ones(len(key), np.int64), cell[order], pointers), shape=(len(starts), len(facts.cell)))


def _leaf_sums(facts: Facts, leaves: Leaves) -> Int64:
    """The sums of each cell in the order of SUMS, shape (cells, len(SUMS))."""
    leaf = leaf_of(facts.cell)
    unknown_price, unknown_usage = facts.cell & 1, (facts.cell >> 1) & 1
    records, nanos = facts.sums[:, 0], facts.sums[:, 6]
    fate = leaves.column("fate")[leaf]
    operations = records * leaves.column("first")[leaf]
    sums = np.zeros((len(leaf), len(SUMS)), np.int64)
    sums[np.arange(len(leaf)), fate] = records
    for name, column in {
        "attempts": records,
        "operations": operations,
        "retries": records - operations,
        "known_nanos": nanos * (1 - unknown_price),
        "assumed_nanos": nanos * unknown_price,
        "wasted_nanos": nanos * (fate != COLUMN["successes"]),
        "unknown_price": records * unknown_price,
        "unknown_usage": records * unknown_usage,
    }.items():
        sums[:, COLUMN[name]] = column
    tokens = COLUMN["input_tokens"]
    sums[:, tokens : tokens + 5] = facts.sums[:, 1:6]
    return sums


def _saturated(member: csr_array, cell_sums: Int64) -> Int64:
    """The sums of rows; money stops at LARGEST."""
    sums: Int64 = member @ cell_sums
    money = cell_sums[:, _MONEY].astype(np.float64)
    if money.sum() > LARGEST / 2:
        sums[:, _MONEY] = np.where(member @ money >= LARGEST, LARGEST, sums[:, _MONEY])
    return sums


def _histograms(member: csr_array, facts: Facts, bounds: Int64, rollup_of_row: Int64) -> list[dict[str, Triple]]:
    """The histograms of each roll-up, rows counted from its first."""
    pointers = np.searchsorted(facts.code >> CODE_BITS, facts.cell)
    by_cell = csr_array(
        (facts.count, facts.code & (_CODES - 1), np.append(pointers, len(facts.code))), shape=(len(facts.cell), _CODES)
    )
    by_row = member @ by_cell
    by_row.sort_indices()
    row = np.repeat(np.arange(len(rollup_of_row)), np.diff(by_row.indptr))
    histogram, bucket = np.divmod(by_row.indices.astype(np.int64), CODES_A_HISTOGRAM)
    order = np.argsort(histogram, kind="stable")
    row, bucket, count = row[order], bucket[order], by_row.data[order]
    edges = np.searchsorted(
        histogram[order] * len(rollup_of_row) + row, np.arange(len(HISTOGRAMS))[:, None] * len(rollup_of_row) + bounds
    ).tolist()
    row -= bounds[rollup_of_row[row]]
    return [
        {name: _slice((row, bucket, count), edges[h][i], edges[h][i + 1]) for h, name in enumerate(HISTOGRAMS)}
        for i in range(len(bounds) - 1)
    ]


def _slice(triple: Triple, low: int, high: int) -> Triple:
    return triple[0][low:high], triple[1][low:high], triple[2][low:high]
