"""The open chunk of a source partition: its facts by leaf, and the same by row of every roll-up when it is sealed."""

from typing import Any

import numpy as np

from streams.cells import Cells, Facts
from streams.leaves import Leaves
from streams.rolled import Rolled, rolled

KEPT_LEAVES = 200_000
"""With more leaves than this, those that the open chunk does not need are forgotten when a chunk ends."""
AHEAD_LEAVES = 100_000
"""With more leaves nothing is rolled up ahead: until the end the sums of each row are kept twice, 168 bytes, and its counts."""


class OpenChunk:
    """Facts are taken as they come. Rolling them up is most of the work at the end of a window, so it can be done ahead.

    Args:
        leaves: of all records so far.
        windows: how many windows a group of cells can tell apart.
    """

    def __init__(self, leaves: Leaves, *, windows: int) -> None:
        self.cells = Cells(groups=2 * windows)
        self._leaves = leaves
        self._windows = windows
        self._ahead: Rolled | None = None

    def rolled(self) -> Rolled:
        """All facts by row."""
        ahead = self._ahead
        if ahead is None or ahead.ranking is not self._leaves.ranking:
            self._ahead = None
            return rolled(self.cells.facts(), self._leaves, windows=self._windows)
        return ahead.plus(rolled(self.cells.recent(), self._leaves, windows=self._windows))

    def roll_ahead(self) -> None:
        """Roll up what is there, once, so that little is left to do at the end. A scope that is new after this undoes it."""
        if self._ahead is None and len(self._leaves) <= AHEAD_LEAVES:
            self._ahead = rolled(self.cells.set_aside(), self._leaves, windows=self._windows)

    def clear(self) -> None:
        """The chunk has ended."""
        self._ahead = None
        self.cells.clear()

    def forget_leaves(self) -> None:
        """Keep the leaves of the open chunk alone, once there are many others."""
        if len(self._leaves) > KEPT_LEAVES:
            keys, facts = self._unlinked()
            self._leaves.clear()
            self.cells.link(facts, self._leaves.admit(keys))

    def _unlinked(self) -> tuple[list[bytes], Facts]:
        self._ahead = None
        return self.cells.unlink(self._leaves)

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        keys, facts = self._unlinked()
        return {
            "leaves": keys,
            "facts": {
                "group_bits": facts.group_bits,
                "cell": facts.cell,
                "sums": facts.sums,
                "code": facts.code,
                "count": facts.count,
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw; all other leaves are forgotten."""
        self._ahead = None
        self._leaves.clear()
        known = state["facts"]
        cell, sums, code = (np.array(known[name], np.int64) for name in ("cell", "sums", "code"))
        facts = Facts(known["group_bits"], cell, sums, code, np.array(known["count"], np.uint32))
        self.cells.link(facts, self._leaves.admit(state["leaves"]))
