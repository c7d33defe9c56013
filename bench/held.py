"""Objects -> bytes that they and all they refer to hold, each object counted once."""

import gc
import sys
import types
from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_SHARED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.CodeType)
_PLAIN = (str, bytes, int, float, bool, type(None))
PAGE = 4096
Kind = TypeVar("Kind")


class Scales:
    """Weighs objects; what was weighed once, by whichever object, weighs nothing any more."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._kept: list[object] = []

    def weigh(self, *roots: object) -> int:
        """Bytes of these objects and of what they refer to, less what was weighed before."""
        self._kept += roots
        return sum(map(sys.getsizeof, self.reach(*roots)))

    def reach(self, *roots: object) -> Iterator[Any]:
        """These objects and those that they refer to, less those that were reached before."""
        waiting = list(roots)
        while waiting:
            each = waiting.pop()
            if id(each) in self._seen or isinstance(each, _SHARED):
                continue
            self._seen.add(id(each))
            waiting += _parts(each)
            yield each


def found(kind: type[Kind], *roots: object) -> list[Kind]:
    """The objects of a type that these reach."""
    return [each for each in Scales().reach(*roots) if isinstance(each, kind)]


def own_arrays(*roots: object) -> list[NDArray[Any]]:
    """The arrays with memory of their own that these reach."""
    return [each for each in found(np.ndarray, *roots) if each.base is None]


def touch(array: NDArray[Any]) -> None:
    """Write every page of an array: one of zeros takes no memory until then."""
    if array.flags.writeable and array.flags.c_contiguous:
        pages = array.reshape(-1).view(np.uint8)[::PAGE]
        pages |= np.uint8(0)


def _parts(each: Any) -> list[Any]:
    if isinstance(each, _PLAIN):
        return []
    if isinstance(each, np.ndarray):
        return [] if each.base is None else [each.base]
    return gc.get_referents(each)
