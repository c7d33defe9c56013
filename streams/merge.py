"""Blocks of all source partitions -> complete windows of facts, once each and in order."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from detectors.facts import SUMS, LateFacts, RollupFacts, WindowFacts
from detectors.roster import Roster
from detectors.scope import Rollup
from streams.blind import NEVER_MS, BlindMark
from streams.block import Sealed, decode_parts, encode_parts
from streams.block_rows import Histograms, WindowRows, difference, late_rows, on_time_windows
from streams.joined import JoinedSource
from streams.kept import Kept
from streams.loss import Loss
from streams.placed import Placed
from streams.window import Timing

REST_MS = 3_600_000
"""After this long without a record from anywhere, empty windows are passed over until one has facts again."""


class Join:
    """Merges blocks: a map from (partition, chunk) to the block with the largest `upto`, then integer sums (engine.md, stage 2).

    A window is complete when the watermark of every source partition has passed its end; of an idle one, its idle time less the
    grace; of a blind one, what its mark says. A window says who was blind, and of whom it may miss something that is lost. What
    comes for a window that was judged is booked as late facts with the next one and judged never. A block is accepted only after
    the one that its marker names as previous, so that no partition moves past a hole; one that the log has lost is named.
    """

    def __init__(
        self, partitions: Sequence[int], *, rollups: Sequence[Rollup], timing: Timing, scope_limit: int = 1_000_000
    ) -> None:
        self.timing = timing
        self.rosters = {rollup: Roster(rollup, limit=scope_limit) for rollup in rollups}
        self._sources = {partition: JoinedSource(partition) for partition in partitions}
        self._blocks: dict[tuple[int, int], Kept] = {}
        self._placed: dict[tuple[int, int], dict[Rollup, Placed]] = {}
        self._holders: dict[int, set[tuple[int, int]]] = {}
        self._unbooked: set[tuple[int, int]] = set()
        self._corrections: list[LateFacts] = []
        self._judged: int | None = None
        self._last_facts: int | None = None
        self.scope_windows = 0

    @property
    def holes(self) -> tuple[int, ...]:
        """Partitions that wait for a block that never came."""
        return tuple(p for p, source in self._sources.items() if source.ahead)

    @property
    def judged_ms(self) -> int | None:
        """End of the last window that was handed out."""
        return None if self._judged is None else (self._judged + 1) * self.timing.window_ms

    def add(self, sealed: Sealed) -> None:
        """Take a block and its marker; repeats and parts of what is known change nothing."""
        source = self._sources[sealed.marker.partition]
        source.ahead.append(sealed)
        while (ready := next((s for s in source.ahead if source.follows(s)), None)) is not None:
            source.ahead.remove(ready)
            self._accept(source, ready)

    def blind(self, mark: BlindMark) -> None:
        """Windows up to the mark wait no longer for a partition, unless it has moved since the mark was made."""
        source = self._sources.get(mark.partition)
        if source is not None and source.watermark_ms == mark.seen_ms:
            source.blind_ms, source.why = max(source.blind_ms, mark.until_ms), mark.why

    def lose(self, partition: int, loss: Loss) -> None:
        """A source partition has lost records unread: windows that are not judged yet and may miss them say so."""
        if partition in self._sources:
            self._sources[partition].lose(loss)

    def lost_blocks(self) -> None:
        """Blocks are lost: of each partition the next chunk is taken without those before it, and windows up to it say so."""
        for source in self._sources.values():
            source.hole_ms = source.watermark_ms if source.hole_ms is None else source.hole_ms

    def seen_ms(self) -> dict[int, int]:
        """By source partition, up to when its records were seen; NEVER_MS before the first."""
        return {partition: source.watermark_ms for partition, source in self._sources.items()}

    def _accept(self, source: JoinedSource, sealed: Sealed) -> None:
        marker = sealed.marker
        source.pass_hole(marker, self.timing)
        if marker.watermark_ms is not None:
            source.watermark_ms = max(source.watermark_ms, marker.watermark_ms)
        if marker.idle_at_ms is not None:
            source.watermark_ms = max(source.watermark_ms, marker.idle_at_ms - self.timing.grace_ms)
        if marker.chunk is None:
            return
        key = (marker.partition, marker.chunk)
        known = self._blocks.get(key)
        dropped = known is None and source.last_chunk is not None and marker.chunk <= source.last_chunk
        if dropped or (known is not None and known.marker.upto >= marker.upto):
            return
        source.first_chunk = marker.chunk if source.first_chunk is None else source.first_chunk
        passed, source.last_chunk = source.last_chunk, max(source.last_chunk or marker.chunk, marker.chunk)
        self._store(key, known, sealed)
        if passed is not None:
            self._drop_if_done((marker.partition, passed))

    def _store(self, key: tuple[int, int], known: Kept | None, sealed: Sealed) -> None:
        booked = known is not None and key not in self._unbooked
        if self._judged is not None:
            window_ms = self.timing.window_ms
            self._corrections += difference(known, sealed, judged=self._judged, late_booked=booked, window_ms=window_ms)
        self._keep(key, sealed)
        if not booked:
            self._unbooked.add(key)
        for window in on_time_windows(sealed):
            if self._judged is None or window > self._judged:
                self._holders.setdefault(window, set()).add(key)

    def _keep(self, key: tuple[int, int], sealed: Sealed) -> None:
        self._blocks[key] = kept = Kept.of(sealed)
        rosters = self.rosters
        self._placed[key] = {each: Placed(rosters[each], rows.scopes) for each, rows in kept.rollups.items() if each in rosters}

    def complete(self) -> Iterator[WindowFacts]:
        """The windows that are complete by now and were not handed out before, in order."""
        watermark_ms = min(source.waited_ms for source in self._sources.values())
        firsts = [source.first_chunk for source in self._sources.values() if source.first_chunk is not None]
        if not firsts:
            return
        if self._judged is None:
            if watermark_ms == NEVER_MS:
                return
            self._judged = min(firsts) - 1
        end = watermark_ms // self.timing.window_ms
        while (window := self._next(end)) is not None:
            facts = self._facts(window)
            self._judged = window
            self._forget(window)
            yield facts

    def close(self) -> Iterator[WindowFacts]:
        """The input has ended: all windows up to the last that has facts, or with which facts are booked, in order."""
        last = max([*self._holders, *self._due()], default=None)
        if last is not None:
            for source in self._sources.values():
                source.watermark_ms = max(source.watermark_ms, (last + 1) * self.timing.window_ms)
        yield from self.complete()

    def _due(self) -> Iterator[int]:
        """The windows with which late facts and corrections that are still to be booked would be."""
        following = -(2**62) if self._judged is None else self._judged + 1
        for key in self._unbooked:
            if any(rows.late.any() for rows in self._blocks[key].rollups.values()):
                yield max(key[1], following)
        if self._corrections:
            yield following

    def _next(self, end: int) -> int | None:
        """The next window below `end` to hand out, passing over a long rest."""
        if self._judged is None:
            return None
        following = self._judged + 1
        rested = self._last_facts is not None and (following - self._last_facts) * self.timing.window_ms > REST_MS
        if rested:
            following = min((window for window in (*self._holders, *self._due()) if window > self._judged), default=end)
        return following if following < end else None

    def _facts(self, window: int) -> WindowFacts:
        start_ms = window * self.timing.window_ms
        keys = sorted(self._holders.get(window, ()))
        if keys:
            self._last_facts = window
        rollups = {rollup: self._merged(rollup, window, keys) for rollup in self.rosters}
        end_ms = start_ms + self.timing.window_ms
        blind = tuple(each for _, source in sorted(self._sources.items()) for each in source.blindness(start_ms, end_ms))
        return WindowFacts(
            start_ms=start_ms, end_ms=end_ms, rollups=rollups, late=tuple(self._book(window)), complete=not blind, blind=blind
        )

    def _merged(self, rollup: Rollup, window: int, keys: Sequence[tuple[int, int]]) -> RollupFacts:
        roster = self.rosters[rollup]
        of = [key for key in keys if rollup in self._blocks[key].rollups]
        rows = [WindowRows.of(self._blocks[key].rollups[rollup], window) for key in of]
        slots = [each.slots(self._placed[key][rollup]) for key, each in zip(of, rows, strict=True)]
        strangers = {scope for each, its in zip(rows, slots, strict=True) for scope in each.scopes(np.flatnonzero(its < 0))}
        known = np.concatenate([np.zeros(0, np.int32), *slots])
        roster.see(known[known >= 0], strangers, window * self.timing.window_ms)
        for each, its in zip(rows, slots, strict=True) if strangers else ():
            without = np.flatnonzero(its < 0)
            its[without] = roster.slots(each.scopes(without))
        sums = np.zeros((len(roster), len(SUMS)), np.int64)
        parts = list(zip(rows, slots, strict=True))
        for each, its in parts:
            each.add_to(sums, its, shared=roster.crowded)
        self.scope_windows += int(np.count_nonzero(sums[:, 0]))
        return RollupFacts(roster=roster, sums=sums, histograms=Histograms(parts))

    def _book(self, window: int) -> Iterator[LateFacts]:
        """Late facts of chunks up to this window, and corrections of windows judged before; each once."""
        corrections, self._corrections = self._corrections, []
        yield from sorted(corrections, key=lambda late: (late.window_start_ms, late.scope))
        for key in sorted(key for key in self._unbooked if key[1] <= window):
            self._unbooked.discard(key)
            yield from late_rows(self._blocks[key], self.timing.window_ms)

    def _forget(self, window: int) -> None:
        """Drop blocks that can neither change nor be needed again."""
        for key in self._holders.pop(window, ()):
            self._drop_if_done(key)
        for key in [key for key in self._blocks if key[1] == window]:
            self._drop_if_done(key)

    def _drop_if_done(self, key: tuple[int, int]) -> None:
        partition, chunk = key
        needed = any(key in holders for window, holders in self._holders.items() if self._judged is None or window > self._judged)
        if not needed and key not in self._unbooked and chunk != self._sources[partition].last_chunk:
            self._blocks.pop(key, None)
            self._placed.pop(key, None)

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {
            "sources": [each.snapshot() for each in self._sources.values()],
            "lost": [lost for each in self._sources.values() if (lost := each.lost())],
            "blocks": [encode_parts(kept.wide()) for kept in self._blocks.values()],
            "unbooked": [list(key) for key in sorted(self._unbooked)],
            "corrections": [[c.window_start_ms, [list(pair) for pair in c.scope], list(c.sums)] for c in self._corrections],
            "judged": self._judged,
            "last_facts": self._last_facts,
            "scope_windows": self.scope_windows,
            "blind": [[partition, each.blind_ms, each.why] for partition, each in self._sources.items() if each.why],
            "rosters": [[list(rollup), roster.snapshot()] for rollup, roster in self.rosters.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw. Roll-ups that the snapshot does not know start empty."""
        for rollup, roster in state["rosters"]:
            if tuple(rollup) in self.rosters:
                self.rosters[tuple(rollup)].restore(roster)
        lost = {each[0]: each for each in state.get("lost", ())}
        for each in state["sources"]:
            self._sources[each[0]] = JoinedSource.restore(each, lost.get(each[0], []))
        for parts in state["blocks"]:
            sealed = decode_parts(parts)
            marker = sealed.marker
            assert marker.chunk is not None
            key = (marker.partition, marker.chunk)
            self._keep(key, sealed)
            for window in on_time_windows(sealed):
                if state["judged"] is None or window > state["judged"]:
                    self._holders.setdefault(window, set()).add(key)
        self._unbooked = {(partition, chunk) for partition, chunk in state["unbooked"]}
        self._corrections = [
            LateFacts(start_ms, tuple((d, v) for d, v in scope), tuple(sums)) for start_ms, scope, sums in state["corrections"]
        ]
        self._judged, self._last_facts, self.scope_windows = state["judged"], state["last_facts"], state["scope_windows"]
        for partition, blind_ms, why in state.get("blind", ()):
            self._sources[partition].blind_ms, self._sources[partition].why = blind_ms, why
