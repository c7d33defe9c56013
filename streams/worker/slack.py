"""Memory that is free but stays with the process -> given back to the system now and then, where it is much."""

import ctypes
import time

from streams.allocation import SPARE

SOME, MUCH = 16 << 20, 40 << 20
"""Bytes of free memory from which on it is given back: before work that needs much, and while a worker runs."""
EVERY_S = 5.0

_HEAP = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class _Heap(ctypes.Structure):
    """What mallinfo2(3) tells, by its names: `fordblks` bytes are free, between pieces in use and above the last one."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _HEAP)


class Slack:
    """Free memory between pieces in use. glibc keeps it: by itself it gives back only what is free above the last piece in use.

    At a million scopes that was an eighth of all memory. To get 25 MB again takes some 10 ms, which no window's end has to spare:
    so it is let go of where there is MUCH.
    """

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self._heap, self._trim = getattr(library, "mallinfo2", None), getattr(library, "malloc_trim", None)
        if self._heap is not None:
            self._heap.restype = _Heap
        self._next_s = 0.0

    def give_back(self, *, at_once: bool = False) -> bool:
        """Let go of it, if it is much and was not done lately; False where it was not done. To be called often.

        Args:
            at_once: even if it was done lately, and if it is SOME: what comes needs much memory, and there is no hurry.
        """
        if self._heap is None or self._trim is None or not (at_once or time.monotonic() >= self._next_s):
            return False
        self._next_s = time.monotonic() + EVERY_S
        return self._heap().fordblks > (SOME if at_once else MUCH) and bool(self._trim(SPARE))
