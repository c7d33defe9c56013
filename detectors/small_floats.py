"""Non-negative numbers -> 8 or 16 bits each and back, with the same relative precision at every size."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MANTISSA = 23
_BIAS = 127


@dataclass(frozen=True, slots=True)
class SmallFloats:
    """A float32 without its sign and with fewer bits; integer arithmetic alone, so that every machine gives the same bits.

    Numbers are rounded to the nearest that there is, halves up; those below the smallest become 0, those above the largest the
    largest.

    >>> hours = SmallFloats(np.uint8, mantissa=4, smallest=-10)
    >>> hours.values(hours.packed(np.array([0.0, 0.1, 1.0, 17.0, 1e9]))).tolist()
    [0.0, 0.1015625, 1.0, 17.0, 60.0]

    Args:
        dtype: of the packed numbers.
        mantissa: bits of it that are for the mantissa, the others are for the exponent; the error is at most 2 ** -(mantissa + 1).
        smallest: exponent of two of the smallest numbers.
    """

    dtype: type[np.unsignedinteger[Any]]
    mantissa: int
    smallest: int

    def packed(self, numbers: NDArray[np.floating[Any]]) -> NDArray[np.unsignedinteger[Any]]:
        """The numbers in few bits."""
        cut = _MANTISSA - self.mantissa
        bits = (numbers.astype(np.float32).view(np.int32) + (1 << (cut - 1))) >> cut
        packed: NDArray[np.unsignedinteger[Any]] = np.clip(bits - self._lowest, 0, np.iinfo(self.dtype).max).astype(self.dtype)
        return packed

    def values(self, packed: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.float32]:
        """The numbers that were packed, nearly."""
        bits = packed.astype(np.int32)
        some = bits > 0
        bits += self._lowest
        bits <<= _MANTISSA - self.mantissa
        return np.where(some, bits.view(np.float32), np.float32(0))

    @property
    def _lowest(self) -> int:
        """The bits of 0, with those that are cut off: one below the smallest number."""
        return ((_BIAS + self.smallest) << self.mantissa) - 1
