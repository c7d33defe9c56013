"""Plain numbers -> WindowFacts, with rosters that are kept from window to window.

```python
build = FactsBuilder(("tenant",), ("provider", "tenant"))
facts = build.window(
    0,
    {("tenant",): {("acme",): {"attempts": 10, "operations": 10, "known_nanos": 5_000}}},
    {("tenant",): {("acme",): {"cost_nanos": {500: 10}}}},      # 10 attempts of 500 nano-dollars each
)
```
"""

from collections.abc import Iterable, Mapping

import numpy as np

from detectors.buckets import bucket_of
from detectors.facts import COLUMN, HISTOGRAMS, SUMS, WINDOW_MS, Histogram, LateFacts, RollupFacts, WindowFacts
from detectors.roster import Roster
from detectors.scope import Rollup

Values = tuple[str, ...]
Rows = Mapping[Rollup, Mapping[Values, Mapping[str, int]]]
Counts = Mapping[Rollup, Mapping[Values, Mapping[str, "Mapping[int, int] | Iterable[int]"]]]

EMPTY = np.zeros(0, np.int64)


class FactsBuilder:
    """Rosters of the given roll-ups (and of any that a window names); operations are counted when the next window is built."""

    def __init__(self, *rollups: Rollup, window_ms: int = WINDOW_MS) -> None:
        self.window_ms = window_ms
        self.rosters: dict[Rollup, Roster] = {each: Roster(each) for each in ((), *rollups)}
        self._last: WindowFacts | None = None

    def window(
        self,
        start_ms: int,
        rollup_rows: Rows | None = None,
        histograms: Counts | None = None,
        *,
        late: tuple[LateFacts, ...] = (),
        complete: bool = True,
    ) -> WindowFacts:
        """The facts of [start_ms, start_ms + window_ms); sums that are not named are 0.

        A histogram is `{value: attempts}` or the values one by one.
        """
        self._count_operations()
        rows, counts = rollup_rows or {}, histograms or {}
        for rollup in (*rows, *counts):
            self.rosters.setdefault(rollup, Roster(rollup))
        rollups = {}
        for rollup, roster in self.rosters.items():
            of, histogram = rows.get(rollup, {}), counts.get(rollup, {})
            roster.admit([*of, *histogram] if rollup else [()], start_ms)
            sums = np.zeros((len(roster), len(SUMS)), np.int64)
            for values, named in of.items():
                for name, number in named.items():
                    sums[roster.slot(values), COLUMN[name]] = number
            rollups[rollup] = RollupFacts(roster, sums, {name: _histogram(roster, histogram, name) for name in HISTOGRAMS})
        facts = WindowFacts(start_ms, start_ms + self.window_ms, rollups, late, complete)
        self._last = facts
        return facts

    def _count_operations(self) -> None:
        if self._last is not None:
            for each in self._last.rollups.values():
                each.roster.count_operations(each.column("operations"), self._last.end_ms)


def _histogram(roster: Roster, of: Mapping[Values, Mapping[str, "Mapping[int, int] | Iterable[int]"]], name: str) -> Histogram:
    cells: dict[tuple[int, int], int] = {}
    for values, named in of.items():
        given = named.get(name, {})
        pairs = given.items() if isinstance(given, Mapping) else [(value, 1) for value in given]
        slot = roster.slot(values)
        assert slot is not None
        for value, count in pairs:
            cell = (slot, int(bucket_of(np.array([value], np.int64))[0]))
            cells[cell] = cells.get(cell, 0) + count
    if not cells:
        return Histogram(EMPTY, EMPTY, EMPTY)
    table = np.array([(*cell, count) for cell, count in sorted(cells.items())], np.int64)
    return Histogram(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy())
