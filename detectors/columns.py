"""What is known of each row: named numpy arrays that grow together as rows are admitted."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Float32 = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]
Int8 = NDArray[np.int8]
Int32 = NDArray[np.int32]
UInt32 = NDArray[np.uint32]
UInt64 = NDArray[np.uint64]


@dataclass(slots=True)
class Columns:
    """Base of state that is arrays only. Rows are the last axis of every array; a new row is all zeros."""

    def grow(self, rows: int) -> None:
        """Make every array `rows` rows long."""
        for each in fields(self):
            array = getattr(self, each.name)
            if array.shape[-1] == rows:
                continue
            larger = np.zeros((*array.shape[:-1], rows), array.dtype)
            larger[..., : array.shape[-1]] = array
            setattr(self, each.name, larger)

    def clear(self, rows: NDArray[np.int64]) -> None:
        """Make these rows as new."""
        if not len(rows):
            return
        for each in fields(self):
            getattr(self, each.name)[..., rows] = 0

    def snapshot(self) -> dict[str, Any]:
        """Copies of the arrays, by name."""
        return {each.name: getattr(self, each.name).copy() for each in fields(self)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take the arrays of a `snapshot`."""
        for each in fields(self):
            setattr(self, each.name, np.array(state[each.name], getattr(self, each.name).dtype))
