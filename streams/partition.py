"""Batches of one source partition's log -> final blocks, dead letters and running totals (engine.md, "Time" and stage 1)."""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from detectors.facts import Int64
from detectors.scope import Rollup
from streams.aside import Verdict, verdicts
from streams.batch import Batch, Numbers
from streams.block import Marker, Sealed, no_rows
from streams.columns import Columns, columns_of
from streams.decode import Reason
from streams.dedupe import Dedupe, identities, payloads
from streams.leaves import Fates, Leaves
from streams.measure import measured
from streams.open_chunk import OpenChunk
from streams.plain import scanner
from streams.price import Book
from streams.seal import rollup_rows
from streams.tally import Tally
from streams.usage import MAX_BYTES
from streams.window import Timing

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused record. `body` is at most 64 KiB of it, or empty where the policy keeps the hash alone."""

    offset: int
    reason: Reason
    body: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What a batch was read from: its values, offsets and arrivals, with the records that were held before in front."""

    values: Sequence[bytes | None]
    offsets: Numbers
    arrivals_ms: Numbers | None


class SourcePartition:
    """The state of one source partition: a pure function of the prefix of its log that was fed.

    Cutting the log into other batches changes nothing. What a record does, one by one in offset order:

    1. It is refused, or it is usage. A refused record moves no clock and enters no dedupe; `future` and `too_old` are refusals.
    2. The clock becomes the largest min(ts, arrival) so far. Of a plain file, whose records have no arrival, that is the largest
       ts of those that `aside.verdicts` admits. A duplicate moves the clock as well.
    3. Where that takes the watermark into another chunk, the block of the chunk that it left is final.
    4. If its id is known it changes nothing else. Otherwise its facts go into the open chunk: late ones, whose window had
       ended at or before the watermark in front of this record, apart from the others.
    """

    def __init__(  # noqa: PLR0913 - settings, each by its name
        self,
        partition: int,
        *,
        timing: Timing,
        book: Book,
        rollups: tuple[Rollup, ...],
        has_arrival: bool,
        dead_letter_body: Literal["full", "hash"] = "full",
        partitions: int = 1,
    ) -> None:
        self.partition = partition
        self.partitions = partitions
        self.tally = Tally()
        self.clock_ms: int | None = None
        self.next_offset = 0
        self._timing = timing
        self._rollups = rollups
        self._has_arrival = has_arrival
        self._keep_body = dead_letter_body == "full"
        self._chunk: int | None = None
        self._previous: int | None = None
        self._held: list[tuple[int, bytes]] = []
        self._leaves = Leaves(rollups, book, self.tally)
        self._fates = Fates()
        self._scanner = scanner(self._leaves)
        self._open = OpenChunk(self._leaves, windows=timing.open_windows)
        self._dedupe = Dedupe(window_ms=timing.window_ms, dedupe_ms=timing.dedupe_ms)
        self._dead: list[DeadLetter] = []

    @property
    def watermark_ms(self) -> int | None:
        """The clock less the grace; None before the first record."""
        return None if self.clock_ms is None else self.clock_ms - self._timing.grace_ms

    def feed(self, batch: Batch) -> list[Sealed]:
        """Take the next records; the final blocks of the chunks that the watermark left, in order."""
        if not len(batch):
            return []
        held, self._held = self._held, []
        stretch = _Stretch(batch.values, batch.offsets, batch.arrivals_ms if self._has_arrival else None)
        if held:
            stretch = _Stretch([raw for _, raw in held] + list(batch.values), [at for at, _ in held] + list(batch.offsets), None)
        self.tally.records += len(batch)
        self.next_offset = int(batch.offsets[-1]) + 1
        return self._take(stretch, ended=False)

    def settle(self) -> list[Sealed]:
        """The input has ended: what a plain file still holds is decided. The final blocks of the chunks that this leaves."""
        held, self._held = self._held, []
        if not held:
            return []
        return self._take(_Stretch([raw for _, raw in held], [at for at, _ in held], None), ended=True)

    def end(self) -> Sealed:
        """The block of the open chunk at the end of the input, after `settle`."""
        assert not self._held
        return self.sealed_so_far()

    def sealed_so_far(self, *, idle_at_ms: int | None = None) -> Sealed:
        """The block of the open chunk as far as it is, for an idle mark or the end of the input; the state stays as it is."""
        upto = self._held[0][0] if self._held else self.next_offset
        return self._sealed(upto, self.watermark_ms, idle_at_ms)

    def take_dead_letters(self) -> list[DeadLetter]:
        """Those since the last call."""
        dead, self._dead = self._dead, []
        return dead

    def _take(self, stretch: _Stretch, *, ended: bool) -> list[Sealed]:
        columns, refused = columns_of(stretch.values, self._scanner)
        for position, reason in refused:
            self._refuse(stretch, position, reason)
        if stretch.arrivals_ms is None:
            columns = self._believed(columns, stretch, ended=ended)
            moves = columns.ts_ms
        else:
            arrivals = np.array(stretch.arrivals_ms, np.int64)[columns.position]
            columns, arrivals = self._without_future(columns, arrivals, stretch)
            moves = np.minimum(columns.ts_ms, arrivals)
        if not len(columns):
            return []
        clock = np.maximum.accumulate(np.concatenate([moves[:1] if self.clock_ms is None else [self.clock_ms], moves]))
        too_old = columns.ts_ms < clock[:-1] - self._timing.correction_ms
        self._refuse_all(columns, too_old, stretch, Reason.TOO_OLD)
        before, after = clock[:-1][~too_old], clock[1:][~too_old]
        columns = columns.where(~too_old)
        return self._book(columns, before, after, stretch) if len(columns) else []

    def _believed(self, columns: Columns, stretch: _Stretch, *, ended: bool) -> Columns:
        """Of a plain file, the records that are admitted now."""
        if not len(columns):
            return columns
        if self.clock_ms is not None:
            clock = np.maximum.accumulate(np.concatenate([[self.clock_ms], columns.ts_ms[:-1]]))
            if not (columns.ts_ms > clock + self._timing.jump_ms).any():
                return columns
        found = np.array(verdicts(columns.ts_ms.tolist(), self.clock_ms, timing=self._timing, ended=ended), np.object_)
        self._refuse_all(columns, found == Verdict.FUTURE, stretch, Reason.FUTURE)
        self._refuse_all(columns, found == Verdict.TOO_OLD, stretch, Reason.TOO_OLD)
        for position in columns.position[found == Verdict.HELD].tolist():
            self._held.append((int(stretch.offsets[position]), stretch.values[position] or b""))
        return columns.where(found == Verdict.ADMITTED)

    def _without_future(self, columns: Columns, arrivals: Int64, stretch: _Stretch) -> tuple[Columns, Int64]:
        future = columns.ts_ms > arrivals + self._timing.future_ms
        self._refuse_all(columns, future, stretch, Reason.FUTURE)
        return columns.where(~future), arrivals[~future]

    def _book(self, columns: Columns, before: Int64, after: Int64, stretch: _Stretch) -> list[Sealed]:
        """Everything from step 2 of the class on, for records that are usage; `before` and `after` are the clock at each."""
        window_ms = self._timing.window_ms
        late = (columns.ts_ms // window_ms + 1) * window_ms <= before - self._timing.grace_ms
        chunk = (after - self._timing.grace_ms) // window_ms
        fresh = self._first_seen(columns, after, stretch)
        new = measured(
            columns.where(fresh), late[fresh], leaves=self._leaves, fates=self._fates, tally=self.tally, timing=self._timing
        )
        accepted = np.concatenate([[0], np.cumsum(fresh)]).tolist()
        cuts = [0, *(np.flatnonzero(np.diff(chunk)) + 1).tolist(), len(chunk)]
        sealed = []
        for low, high in itertools.pairwise(cuts):
            if self._chunk is not None and chunk[low] != self._chunk:
                sealed.append(self._leave(int(chunk[low]), upto=int(stretch.offsets[int(columns.position[low])])))
            self._chunk = int(chunk[low])
            new.book(self._open.cells, accepted[low], accepted[high], chunk=self._chunk, timing=self._timing)
        self.clock_ms = int(after[-1])
        if sealed:
            self._open.forget_leaves()
        return sealed

    def _first_seen(self, columns: Columns, clock_ms: Int64, stretch: _Stretch) -> Bool:
        ids = identities(columns.event_ids)
        values = cast("Sequence[bytes]", stretch.values)  # what has no value is refused
        if len(columns) != len(values):
            values = [values[position] for position in columns.position.tolist()]
        fresh, conflict = self._dedupe.first_seen(ids, payloads(values), clock_ms)
        self.tally.duplicates += len(fresh) - int(fresh.sum())
        self.tally.conflicts += int(conflict.sum())
        return fresh

    def _leave(self, following: int, *, upto: int) -> Sealed:
        """The final block of the open chunk, whose end the watermark has passed into `following`; the chunk is closed."""
        sealed = self._sealed(upto, following * self._timing.window_ms, None)
        self._previous, self._chunk = self._chunk, None
        self._open.clear()
        return sealed

    def _sealed(self, upto: int, watermark_ms: int | None, idle_at_ms: int | None) -> Sealed:
        marker = Marker(
            partition=self.partition,
            chunk=self._chunk,
            previous_chunk=self._previous,
            upto=upto,
            parts=0,
            watermark_ms=watermark_ms,
            idle_at_ms=idle_at_ms,
            partitions=self.partitions,
        )
        if self._chunk is None:
            return Sealed(marker, {rollup: no_rows(rollup) for rollup in self._rollups})
        first_window, windows = self._timing.first_window(self._chunk), self._timing.open_windows
        return Sealed(marker, rollup_rows(self._open.rolled(), self._rollups, first_window=first_window, windows=windows))

    def course(self) -> float:
        """How much of the open chunk the watermark has passed, from 0 to 1; 0 where none is open."""
        if self._chunk is None or self.watermark_ms is None:
            return 0.0
        return self.watermark_ms / self._timing.window_ms - self._chunk

    def roll_ahead(self) -> None:
        """Do most of the work of the open chunk's end; changes no block, and pays when the end is near."""
        if self._chunk is not None:
            self._open.roll_ahead()

    def _refuse_all(self, columns: Columns, mask: Bool, stretch: _Stretch, reason: Reason) -> None:
        for position in columns.position[mask].tolist():
            self._refuse(stretch, position, reason)

    def _refuse(self, stretch: _Stretch, position: int, reason: Reason) -> None:
        raw = stretch.values[position] or b""
        body = raw[:MAX_BYTES] if self._keep_body else b""
        self._dead.append(DeadLetter(int(stretch.offsets[position]), reason, body, hashlib.sha256(raw).hexdigest()))
        self.tally.refuse(reason)

    def snapshot(self) -> dict[str, Any]:
        """State as dicts and lists of str, int, bytes, None and numpy arrays; dead letters must have been taken."""
        return {
            "clock_ms": self.clock_ms,
            "next_offset": self.next_offset,
            "chunk": self._chunk,
            "previous": self._previous,
            "held": [[offset, raw] for offset, raw in self._held],
            **self._open.snapshot(),
            "dedupe": self._dedupe.snapshot(),
            "tally": self.tally.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw: what is fed from `next_offset` on gives what it would have given."""
        self.clock_ms, self.next_offset = state["clock_ms"], state["next_offset"]
        self._chunk, self._previous = state["chunk"], state["previous"]
        self._held = [(offset, raw) for offset, raw in state["held"]]
        self.tally.restore(state["tally"])
        self._open.restore(state)
        self._dedupe.restore(state["dedupe"])
        self._dead = []
