"""Products of sparse matrices by scipy's compiled kernels, without the package around them: 1 MB of memory instead of 20."""

import importlib.util
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np

from detectors.columns import Int32
from detectors.facts import Int64


def _kernels() -> Any:
    """The module `scipy.sparse._sparsetools`; where its file is not found, by importing all of `scipy.sparse`."""
    scipy = importlib.util.find_spec("scipy")
    for folder in (scipy.submodule_search_locations or ()) if scipy is not None else ():
        for suffix in EXTENSION_SUFFIXES:
            file = Path(folder, "sparse", f"_sparsetools{suffix}")
            if file.is_file() and (spec := importlib.util.spec_from_file_location("_sparsetools", file)) is not None:
                return _loaded(spec)
    return importlib.import_module("scipy.sparse._sparsetools")


def _loaded(spec: ModuleSpec) -> Any:
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module


_kernel = _kernels()


class Sparse:
    """A matrix of 64-bit integers by rows (CSR): row i has `value[at]` in column `column[at]` for `at` in pointers[i:i + 2]."""

    def __init__(self, pointers: Int64 | Int32, column: Int64 | Int32, value: Int64, *, columns: int) -> None:
        self.pointers = pointers.astype(np.int32, copy=False)
        self.column = column.astype(np.int32, copy=False)
        self.value = value
        self.columns = columns

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.pointers) - 1

    def times(self, table: Int64) -> Int64:
        """The product with a table of shape (columns, n)."""
        product = np.zeros((self.rows, table.shape[1]), np.int64)
        table = np.ascontiguousarray(table)
        _kernel.csr_matvecs(
            self.rows, self.columns, table.shape[1], self.pointers, self.column, self.value, table.ravel(), product.ravel()
        )
        return product

    def __matmul__(self, other: "Sparse") -> "Sparse":
        """The product with another one; columns of a row stand in no order, each once."""
        here, there = (self.pointers, self.column), (other.pointers, other.column)
        most = _kernel.csr_matmat_maxnnz(self.rows, other.columns, *here, *there)
        pointers, column, value = np.empty(self.rows + 1, np.int32), np.empty(most, np.int32), np.empty(most, np.int64)
        _kernel.csr_matmat(self.rows, other.columns, *here, self.value, *there, other.value, pointers, column, value)
        return Sparse(pointers, column[: pointers[-1]], value[: pointers[-1]], columns=other.columns)
