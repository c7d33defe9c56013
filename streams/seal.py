"""The facts of a chunk by row -> its rows by scope of every roll-up, as they stand in a block."""

from collections.abc import Sequence

import numpy as np

from detectors.facts import HISTOGRAMS, Int64
from detectors.scope import Rollup
from streams.block import RollupRows, no_rows
from streams.cells import BUCKET_BITS, CODES_A_HISTOGRAM
from streams.packed import Triple
from streams.rolled import Rolled


def rollup_rows(facts: Rolled, rollups: Sequence[Rollup], *, first_window: int, windows: int) -> dict[Rollup, RollupRows]:
    """The rows of every roll-up.

    Args:
        facts: of which the groups are `late * windows + window - first_window`.
        rollups: as the facts' leaves know them.
        first_window: the number of the first window in groups.
        windows: how many windows a group can tell apart.
    """
    if not len(facts.row):
        return {rollup: no_rows(rollup) for rollup in rollups}
    values, width = facts.ranking.values, facts.width
    group, rank = np.divmod(facts.row, width)
    rollup_of_row, group = np.divmod(group, 2 * windows)
    numbers = np.arange(len(rollups) + 1)
    bounds = np.searchsorted(rollup_of_row, numbers)
    scope_key, scope = np.unique(rollup_of_row * width + rank, return_inverse=True)
    scope_bounds = np.searchsorted(scope_key, numbers * width)
    scope -= scope_bounds[rollup_of_row]
    places = (scope_key % width).tolist()
    window, late = group % windows + first_window, group >= windows
    histograms = _histograms(facts, bounds)
    edges, scope_edges = bounds.tolist(), scope_bounds.tolist()
    found = {}
    for i, rollup in enumerate(rollups):
        rows = slice(edges[i], edges[i + 1])
        scopes = [values[i][place] for place in places[scope_edges[i] : scope_edges[i + 1]]]
        found[rollup] = RollupRows(rollup, scopes, scope[rows], window[rows], late[rows], facts.sums[rows], histograms[i])
    return found


def _histograms(facts: Rolled, bounds: Int64) -> list[dict[str, Triple]]:
    """The histograms of each roll-up, rows counted from its first."""
    rows, first = len(facts.row), bounds.tolist()
    row, bucket = facts.place >> BUCKET_BITS, facts.place & (CODES_A_HISTOGRAM - 1)
    edges = np.searchsorted(row, np.arange(len(HISTOGRAMS))[:, None] * rows + bounds).tolist()
    found: list[dict[str, Triple]] = []
    for i in range(len(bounds) - 1):
        triples: dict[str, Triple] = {}
        for number, name in enumerate(HISTOGRAMS):
            its = slice(edges[number][i], edges[number][i + 1])
            triples[name] = (row[its] - (number * rows + first[i]), bucket[its], facts.count[its])
        found.append(triples)
    return found
