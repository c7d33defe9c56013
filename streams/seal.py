"""The facts of a chunk by cell -> its facts by scope of every roll-up."""

from collections.abc import Sequence

import numpy as np

from detectors.facts import COLUMN, HISTOGRAMS, SUMS, Int64
from detectors.scope import Rollup
from streams.block import RollupRows, Triple, no_rows
from streams.cells import CODES_A_HISTOGRAM, Facts, ordered, run_starts
from streams.incidence import Counts, Incidence
from streams.leaves import FATES, Leaves

_MONEY = [COLUMN[name] for name in ("known_nanos", "assumed_nanos", "wasted_nanos")]
_FATE_COLUMNS = np.array([COLUMN[name] for name in FATES], np.int64)


def rollup_rows(
    facts: Facts, leaves: Leaves, rollups: Sequence[Rollup], *, first_window: int, windows: int
) -> dict[Rollup, RollupRows]:
    """The rows of every roll-up.

    Args:
        facts: by cell; the group of a cell is `late * windows + window - first_window`.
        leaves: who the cells' leaves are.
        rollups: as `leaves` knows them.
        first_window: the number of the first window in groups.
        windows: how many windows a group can tell apart.
    """
    if not len(facts.cell):
        return {rollup: no_rows(rollup) for rollup in rollups}
    values = leaves.ranking.values
    width = max(map(len, values)) + 1
    row_key, incidence = _rows(facts, leaves, windows=windows, width=width)
    sums = incidence.sums(_cell_sums(facts), _MONEY)
    group, rank = np.divmod(row_key, width)
    rollup_of_row, group = np.divmod(group, 2 * windows)
    numbers = np.arange(len(rollups) + 1)
    bounds = np.searchsorted(rollup_of_row, numbers)
    scope_key, scope = np.unique(rollup_of_row * width + rank, return_inverse=True)
    scope_bounds = np.searchsorted(scope_key, numbers * width)
    scope -= scope_bounds[rollup_of_row]
    places = (scope_key % width).tolist()
    window, late = group % windows + first_window, group >= windows
    histograms = _histograms(incidence.counts(facts), bounds, rollup_of_row)
    edges, scope_edges = bounds.tolist(), scope_bounds.tolist()
    found = {}
    for i, rollup in enumerate(rollups):
        rows = slice(edges[i], edges[i + 1])
        scopes = [values[i][place] for place in places[scope_edges[i] : scope_edges[i + 1]]]
        found[rollup] = RollupRows(rollup, scopes, scope[rows], window[rows], late[rows], sums[rows], histograms[i])
    return found


def _rows(facts: Facts, leaves: Leaves, *, windows: int, width: int) -> tuple[Int64, Incidence]:
    """Key of each row, ascending by (roll-up, late, window, scope), and which cells it is made of."""
    scope = leaves.scope[facts.leaf]
    cell, rollup = np.nonzero(scope >= 0)
    ranking = leaves.ranking
    rank = ranking.rank[ranking.first[rollup] + scope[cell, rollup]]
    key = (rollup * (2 * windows) + facts.group[cell]) * width + rank
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


def _histograms(counts: Counts, bounds: Int64, rollup_of_row: Int64) -> list[dict[str, Triple]]:
    """The histograms of each roll-up, rows counted from its first."""
    rows = len(rollup_of_row)
    histogram, bucket = np.divmod(counts.code, CODES_A_HISTOGRAM)
    key, count = ordered((histogram * rows + counts.row) * CODES_A_HISTOGRAM + bucket, counts.count)
    place, bucket = np.divmod(key, CODES_A_HISTOGRAM)
    edges = np.searchsorted(place, np.arange(len(HISTOGRAMS))[:, None] * rows + bounds).tolist()
    row = place % rows
    row -= bounds[rollup_of_row[row]]
    found: list[dict[str, Triple]] = []
    for i in range(len(bounds) - 1):
        slices = [slice(edges[h][i], edges[h][i + 1]) for h in range(len(HISTOGRAMS))]
        found.append({name: (row[each], bucket[each], count[each]) for name, each in zip(HISTOGRAMS, slices, strict=True)})
    return found
