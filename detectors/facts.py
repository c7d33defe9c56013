"""The facts of one complete window, as detectors see them: integer sums and sparse histograms a scope.

A row of every array is a scope: row i of a roll-up is slot i of its roster. A slot keeps its meaning until the window that names it
as reused, so a detector keeps its state in arrays over slots. All sums are int64; money is nano-dollars.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detectors.roster import Roster
from detectors.scope import Rollup, Scope

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

WINDOW_MS = 10_000
"""Default length of a window."""

SUMS = (
    "attempts",  # usage records
    "operations",  # records with attempt = 1
    "retries",  # records with attempt > 1
    "successes",  # result ok
    "throttled",  # result throttled
    "timeouts",  # result timeout
    "cancelled",  # result cancelled
    "overloaded",  # other errors with status 503 or 529
    "server_errors",  # other errors with status >= 500
    "client_errors",  # other errors with status 400..499: retrying them is always a bug
    "other_errors",  # errors without a status
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "known_nanos",  # nano-dollars billed or priced by the book
    "assumed_nanos",  # nano-dollars of unknown models, at the policy's upper bound
    "wasted_nanos",  # the part of both that went to attempts that did not succeed
    "unknown_price",  # records of unknown models
    "unknown_usage",  # records whose token counts are null
)
COLUMN: Mapping[str, int] = {name: i for i, name in enumerate(SUMS)}

HISTOGRAMS = ("latency_us", "input_tokens", "output_tokens", "cost_nanos")
"""What is counted per attempt in buckets of 8 an octave (see detectors/buckets.py)."""

ERRORS = ("timeouts", "overloaded", "server_errors", "client_errors", "other_errors")
"""Attempts that failed by themselves; throttled and cancelled ones are counted apart."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """A sparse histogram over the rows of a roll-up: `count[i]` attempts of row `row[i]` fell into bucket `bucket[i]`.

    Sorted by (row, bucket), each pair once.
    """

    row: Int64
    bucket: Int64
    count: Int64


@dataclass(frozen=True, slots=True)
class RollupFacts:
    """The facts of all scopes of one roll-up in one window.

    Attributes:
        roster: who the rows are; `len(roster)` rows.
        sums: int64 of shape (rows, len(SUMS)); a scope without records has zeros.
        histograms: one a name of HISTOGRAMS.
    """

    roster: Roster
    sums: Int64
    histograms: Mapping[str, Histogram]

    @property
    def reused(self) -> Int64:
        """Slots that this window gave to another scope: nothing of what was known of them holds any more."""
        return self.roster.reused

    def column(self, name: str) -> Int64:
        """The sums of one name, shape (rows,)."""
        return self.sums[:, COLUMN[name]]

    @property
    def nanos(self) -> Int64:
        """Nano-dollars known and assumed, shape (rows,)."""
        return self.column("known_nanos") + self.column("assumed_nanos")

    def nanos_of(self, slot: int) -> int:
        """The same of one row."""
        return int(self.sums[slot, COLUMN["known_nanos"]]) + int(self.sums[slot, COLUMN["assumed_nanos"]])


@dataclass(frozen=True, slots=True)
class LateFacts:
    """Sums of one scope for a window that was closed before its records came; booked now, judged never."""

    window_start_ms: int
    scope: Scope
    sums: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Blindness:
    """A source partition whose records are not seen: `why` in words, and the time up to which it was seen (0: never)."""

    partition: int
    why: str
    seen_ms: int


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """All facts of the window [start_ms, end_ms).

    Attributes:
        rollups: the default roll-ups, those of the policy and those of its budgets; always has `()`.
        late: late facts that are booked with this window.
        complete: False when a source partition was blind: then no fall and no silence may be judged.
        blind: which those are.
    """

    start_ms: int
    end_ms: int
    rollups: Mapping[Rollup, RollupFacts]
    late: tuple[LateFacts, ...] = field(default=())
    complete: bool = True
    blind: tuple[Blindness, ...] = field(default=())
