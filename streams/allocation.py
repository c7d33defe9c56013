"""How the C library keeps memory that was freed: set once, when the process starts."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
LARGE = 4 << 20
SPARE = 16 << 20


def give_back() -> bool:
    """Let large arrays go back to the system when they are freed; False where the C library has no such setting.

    glibc raises the size from which it does so with every large array that is freed. After a few windows of 100,000 scopes it
    keeps up to 800 bytes a scope that nobody uses. Smaller arrays are not touched: what is used again at once should stay.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, LARGE) and mallopt(_TRIM_THRESHOLD, SPARE))
