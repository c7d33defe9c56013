"""End offsets that were found at the start -> where a run that ends stops reading."""

from collections.abc import Mapping


class Ends:
    """Where a run that ends stops reading.

    Attributes:
        offsets: by partition, the end offset found at the start.
        run: the mark of the run; workers that found the same offsets have the same.
    """

    def __init__(self, offsets: Mapping[int, int], run: str) -> None:
        self.offsets = dict(offsets)
        self.run = run
