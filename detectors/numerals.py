"""Numbers by which things are called -> one object for each: a dictionary of a million names needs 28 bytes less for every one."""

from threading import Lock

_MADE: list[int] = []
_TURN = Lock()
"""Two threads that made some at a time would put them in the wrong places."""


def numeral(number: int) -> int:
    """The number itself, 0 or more, as the same object whoever asks: Python keeps small ones so and makes all others anew.

    >>> numeral(70_000) is numeral(70_000)
    True
    """
    if number >= len(_MADE):
        with _TURN:
            _MADE.extend(range(len(_MADE), number + 1))
    return _MADE[number]


def numerals(count: int) -> list[int]:
    """The numbers below `count`, each as `numeral` gives it."""
    if count:
        numeral(count - 1)
    return _MADE[:count]
