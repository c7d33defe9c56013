"""A part of a stage's state that stays as it is from its first snapshot on, so that it is written once and not again."""

from typing import Any


class Unchanging(tuple[Any, ...]):
    """The values of such a part; neither it nor what it holds may ever change.

    It is known again by being the very same object, not by its contents: those of a large part take long to compare. Restored
    state has lists in its place.

    >>> first, _ = Unchanging(("a", 1))
    >>> first
    'a'
    """

    __slots__ = ()
