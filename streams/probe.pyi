import numpy as np
from numpy.typing import NDArray

from detectors.facts import Int64

def first_seen(
    slots: NDArray[np.uint64],
    shift: int,
    spread: int,
    ids: NDArray[np.uint64],
    payload: NDArray[np.uint32],
    bucket: Int64,
    oldest: Int64,
    fresh: NDArray[np.uint8],
    conflict: NDArray[np.uint8],
) -> int: ...
