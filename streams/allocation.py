"""How memory that was freed is kept, and how often cycles are looked for: set once, when the process starts."""

import ctypes
import gc

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8
LARGE = 2 << 20
SPARE = 16 << 20
"""What stays when free memory is given back: as much as judging 20,000 scopes takes, which else came page by page, 20 ms in all."""
YOUNG = 50_000
"""Containers from which on the youngest are looked through for cycles: the blocks of a window of 20,000 scopes bring 40,000."""


def give_back() -> bool:
    """Let large arrays go back to the system when they are freed; False where the C library has no such setting.

    glibc raises the size from which it does so with every large array that is freed. After a few windows of 100,000 scopes it
    keeps up to 800 bytes a scope that nobody uses. Smaller arrays are not touched: what is used again at once should stay. All
    threads share one heap: they wait for each other's Python anyway, and what one of them has freed the others can have.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    settings = ((_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, SPARE * 3 // 2), (_TOP_PAD, SPARE), (_ARENA_MAX, 1))
    return all(mallopt(*each) for each in settings)


def pass_over_what_stays() -> None:
    """Look for cycles among the objects that are made from now on alone, and less often.

    What modules are made of, 140,000 containers, takes 0.1 s to look through. That was done several times in every window, in the
    middle of its judgement, and nothing of it ever goes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)


def look_for_cycles() -> None:
    """Look among the youngest now, when there is time, so that it is not done when there is none."""
    gc.collect(0)
