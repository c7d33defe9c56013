"""`tidegate.windows` -> `tidegate.anomalies`: blocks joined to complete windows, windows judged (engine.md, stage 2)."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec

from detectors.anomaly import Judgement
from detectors.facts import WindowFacts
from streams.allocation import look_for_cycles
from streams.blind import BlindMark
from streams.log.append import Appender, Record
from streams.log.judgement_wire import record_of_end, records_of_judgement
from streams.log.topics import Topics
from streams.log.wire import Assembly, blind_mark_of, loss_mark_of
from streams.loss import LossMark, loss_of
from streams.merge import Join
from streams.pipeline import Plan
from streams.worker.owned import RunEnd
from streams.worker.slack import Slack
from streams.worker.stage_metrics import DetectMetrics

CROWD = 50_000
"""From so many scopes on a window is judged off the loop, in turns with ingest: 20,000 took 0.15 s there, and 0.09 on the loop."""


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """The mark that ends a run after stage 2: what was counted in all partitions, and how many scope-windows were closed."""

    run: str
    tallies: list[dict[str, Any]]
    windows: int


class Detect:
    """Stage 2 as a stage of one log: the join and the panel.

    The join is built when the first block tells how many source partitions there are, and anew when there are more.

    Args:
        run: The mark of the run whose end closes all windows; None in a service that does not end.
    """

    def __init__(self, *, plan: Plan, appender: Appender, topics: Topics, metrics: DetectMetrics, run: str | None = None) -> None:
        self.next_offset = 0
        self.final = False
        self._plan = plan
        self._appender = appender
        self._topics = topics
        self._metrics = metrics
        self._run = run
        self._assembly = Assembly()
        self._slack = Slack()
        self._panel = plan.panel()
        self._join: Join | None = None
        self._partitions = 0
        self._ended: dict[int, RunEnd] = {}

    @property
    def at_rest(self) -> bool:
        """Whether all source partitions have come as far as each other, so that no window is about to be judged."""
        return len(set(self.seen_ms().values())) <= 1

    @property
    def needed_from(self) -> int:
        """Before the first part of a block that is not whole."""
        return self._assembly.needed_from(self.next_offset)

    async def take(self, offset: int, record: Record) -> None:
        """Join a block; judge the windows that it completes, and write what was found."""
        self.next_offset = offset + 1
        mark = blind_mark_of(record)
        if mark is not None:
            await self._blind(mark)
            return
        loss = loss_mark_of(record)
        if loss is not None:
            self._lose(loss)
            return
        arrived = self._assembly.add(offset, record)
        if arrived is None or self.final:
            return
        join = self._joined(arrived.sealed.marker.partitions)
        join.add(arrived.sealed)
        await self._judge(join.complete())
        if arrived.end is not None and self._run is not None:
            await self._end(join, arrived.sealed.marker.partition, msgspec.json.decode(arrived.end, type=RunEnd))

    async def _blind(self, mark: BlindMark) -> None:
        """Judge what waited for a blind partition alone. A run that ends waits for all."""
        if self._join is not None and self._run is None:
            self._join.blind(mark)
            await self._judge(self._join.complete())

    def seen_ms(self) -> dict[int, int]:
        """By source partition, up to when its records were seen; nothing before the first block."""
        return self._join.seen_ms() if self._join is not None else {}

    def _lose(self, mark: LossMark) -> None:
        """Records were lost unread: no window that may miss them is complete."""
        self._joined(mark.partitions).lose(mark.partition, loss_of(mark))

    def _joined(self, partitions: int) -> Join:
        if self._join is None or partitions > self._partitions:
            known = self._join.snapshot() if self._join is not None else None
            self._partitions, self._join = partitions, self._plan.join(range(partitions))
            if known is not None:
                self._join.restore(known)
        return self._join

    async def _judge(self, windows: Iterator[WindowFacts]) -> None:
        for facts in windows:
            judgement = await self._judgement(facts)
            await self._appender.append(self._topics.anomalies, records_of_judgement(judgement))
            self._metrics.judged(judgement)
            look_for_cycles()
            self._slack.give_back()

    async def _judgement(self, facts: WindowFacts) -> Judgement:
        if sum(len(each.roster) for each in facts.rollups.values()) > CROWD:
            return await asyncio.to_thread(self._panel.judge, facts)
        await asyncio.sleep(0)
        return self._panel.judge(facts)

    async def _end(self, join: Join, partition: int, end: RunEnd) -> None:
        """A source partition was read to the end of the run; the last one closes all windows."""
        if end.run == self._run:
            self._ended[partition] = end
        if len(self._ended) < self._partitions:
            return
        self.final = True
        await self._judge(join.close())
        result = RunResult(run=end.run, tallies=[each.tally for _, each in sorted(self._ended.items())], windows=join.scope_windows)
        await self._appender.append(self._topics.anomalies, [record_of_end(msgspec.json.encode(result))])

    def rebuild(self) -> None:
        """What is judged again is known downstream by its window."""

    def lost(self) -> None:
        """Blocks are lost: nobody writes them again, so go on without them, and let windows say so."""
        if self._join is not None:
            self._join.lost_blocks()
        self._assembly = Assembly()

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        join = self._join.snapshot() if self._join is not None else {}
        ended = {str(partition): msgspec.to_builtins(end) for partition, end in self._ended.items()}
        return {"partitions": self._partitions, "panel": self._panel.snapshot(), "join": join, "ended": [ended]}

    def restore(self, position: int, state: dict[str, Any]) -> None:
        """Become what a snapshot saw."""
        self.next_offset, self._partitions = position, state["partitions"]
        if self._partitions:
            self._join = self._plan.join(range(self._partitions))
            self._join.restore(state["join"])
        self._panel.restore(state["panel"])
        for partition, end in state["ended"][0].items():
            if end["run"] == self._run:
                self._ended[int(partition)] = msgspec.convert(end, RunEnd)
