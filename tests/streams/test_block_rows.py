"""Histograms of one window out of several blocks: whatever the types of their cells, counts are added up exactly."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.facts import HISTOGRAMS
from streams.block_rows import Histograms, WindowRows

NAME = HISTOGRAMS[0]
CELLS = st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 511)), st.integers(1, 200), max_size=40)


def rows_of(cells, low, high, *, scale=1, kind=np.uint8):
    """Rows [low, high) with cells of rows from 0 on, all of which are `low` further down in the block."""
    keys = sorted(cells)
    row = np.array([low + row for row, _ in keys], kind)
    bucket = np.array([bucket for _, bucket in keys], np.uint16)
    count = np.array([cells[key] * scale for key in keys], np.int64 if scale > 1 else np.uint8)
    return WindowRows(SimpleNamespace(histograms={NAME: (row, bucket, count)}), low, high)


@pytest.mark.parametrize("scale", [1, 1 << 20, 1 << 50])
@given(st.lists(st.tuples(CELLS, st.permutations(range(10))), max_size=4))
def test_cells_of_one_slot_and_bucket_are_one_cell(scale, blocks):
    parts, expected = [], Counter()
    for cells, slots in blocks:
        parts.append((rows_of(cells, 0, 10, scale=scale), np.array(slots, np.int32)))
        for (row, bucket), count in cells.items():
            expected[slots[row], bucket] += count * scale
    found = Histograms(parts)[NAME]
    assert [each.dtype for each in (found.row, found.bucket, found.count)] == [np.int64] * 3
    cells = list(zip(found.row.tolist(), found.bucket.tolist(), strict=True))
    assert cells == sorted(expected)
    assert dict(zip(cells, found.count.tolist(), strict=True)) == expected


def test_rows_are_counted_from_the_first_of_the_window():
    row, bucket, count = rows_of({(0, 7): 1, (3, 9): 2}, 4, 9).cells(NAME)
    assert (row.tolist(), bucket.tolist(), count.tolist()) == ([0, 3], [7, 9], [1, 2])


def test_rows_beyond_what_the_cells_can_name_have_none():
    cells = rows_of({(0, 7): 1}, 0, 1)
    assert [len(each) for each in WindowRows(cells.rows, 300, 400).cells(NAME)] == [0, 0, 0]
    assert [len(each) for each in WindowRows(cells.rows, 0, 400).cells(NAME)] == [1, 1, 1]
