"""Sparse products equal dense ones, and bring nothing of scipy's Python with them."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streams import sparse
from streams.sparse import Sparse


def of(table: np.ndarray) -> Sparse:
    row, column = np.nonzero(table)
    return Sparse(np.searchsorted(row, np.arange(len(table) + 1)), column, table[row, column], columns=table.shape[1])


def dense(matrix: Sparse) -> np.ndarray:
    table = np.zeros((matrix.rows, matrix.columns), np.int64)
    table[np.repeat(np.arange(matrix.rows), np.diff(matrix.pointers)), matrix.column] = matrix.value
    return table


def tables(rows: int, columns: int) -> st.SearchStrategy[np.ndarray]:
    return arrays.arrays(np.int64, (rows, columns), elements=st.sampled_from([0, 0, 1, -3, 1 << 40]))


@given(st.data(), st.integers(0, 5), st.integers(1, 5), st.integers(1, 6))
def test_products_are_those_of_dense_tables(data: st.DataObject, rows: int, inner: int, columns: int) -> None:
    left, right = data.draw(tables(rows, inner)), data.draw(tables(inner, columns))
    assert np.array_equal(of(left).times(right), left @ right)
    assert np.array_equal(of(left).times(np.asfortranarray(right)), left @ right)
    product = of(left) @ of(right)
    assert np.array_equal(dense(product), left @ right)
    assert np.array_equal(dense(product @ of(right.T)), left @ right @ right.T)


def test_nothing_of_scipy_is_imported_by_the_whole_way() -> None:
    code = "import streams.pipeline, sys; print([name for name in sys.modules if name.split('.')[0] == 'scipy'])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_where_the_file_is_not_found_the_package_gives_the_same_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(sparse, "_kernel", sparse._kernels())
    assert sparse._kernel.__name__ == "scipy.sparse._sparsetools"
    assert np.array_equal(of(np.eye(3, dtype=np.int64)).times(np.arange(6).reshape(3, 2)), np.arange(6).reshape(3, 2))
