"""Blocks that wait keep every row, and windows find theirs, whatever was late."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.facts import HISTOGRAMS, SUMS
from streams.block import RollupRows, no_rows
from streams.kept import KeptRows

NONE = np.zeros(0, np.int64)
ROWS = st.sets(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), max_size=30).map(sorted)


def rows_of(rows):
    late, window, scope = (np.array([row[at] for row in rows], kind) for at, kind in ((0, np.bool_), (1, np.int64), (2, np.int64)))
    sums = np.arange(len(rows) * len(SUMS)).reshape(len(rows), len(SUMS))
    return RollupRows(("tenant",), [(name,) for name in "abcd"], scope, window, late, sums, dict.fromkeys(HISTOGRAMS, (NONE,) * 3))


@given(ROWS)
def test_rows_are_what_they_were(rows):
    given_rows = rows_of(rows)
    wide = KeptRows.of(given_rows).wide()
    for name in ("scope", "window", "late", "sums"):
        np.testing.assert_array_equal(getattr(wide, name), getattr(given_rows, name))
        assert getattr(wide, name).dtype == getattr(given_rows, name).dtype


@given(ROWS, st.integers(0, 6))
def test_a_window_finds_its_rows_that_are_not_late(rows, window):
    low, high = KeptRows.of(rows_of(rows)).on_time(window)
    assert rows[low:high] == [row for row in rows if row[:2] == (False, window)]


def test_no_rows_are_of_no_window():
    kept = KeptRows.of(no_rows(("tenant",)))
    assert (kept.on_time(3), len(kept.window), len(kept.late)) == ((0, 0), 0, 0)
