"""A log through stages that are put away and taken up again at random points, as if workers were killed all the time -> answers."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from actions.policy import Policy
from detectors.anomaly import BudgetState
from detectors.canonical import encode
from detectors.panel import Panel
from streams.batch import Batch
from streams.block import Sealed
from streams.log.state import pack, unpack
from streams.merge import Join
from streams.outputs import Outputs
from streams.partition import SourcePartition
from streams.pipeline import Act, Plan
from streams.tally import Tally
from tests.law.answers import FILES, Answers, FactsDigest, spent
from tests.law.log import Keying, Log

LONGEST = 700


@dataclass(slots=True)
class _Hand:
    """One source partition, the worker that has it now, and a snapshot that another one may go on from."""

    source: SourcePartition
    records: list[tuple[bytes | None, int]]
    kept: bytes = b""


@dataclass(slots=True)
class Relay:
    """The stages of `streams/pipeline.py`, each of which goes through the bytes of its snapshot whenever chance will have it.

    Args:
        policy: that is run.
        seed: of all chance: which partition is read next, how far, and what is put away.
        restores: how likely each stage is put away before each step.
    """

    policy: Policy
    seed: int
    restores: float = 0.3
    restored: int = 0
    digest: FactsDigest = field(default_factory=FactsDigest)
    outputs: Outputs = field(default_factory=Outputs)
    budgets: list[BudgetState] = field(default_factory=list)
    _chance: random.Random = field(init=False)
    _plan: Plan = field(init=False)
    _join: Join = field(init=False)
    _panel: Panel = field(init=False)
    _act: Act = field(init=False)

    def __post_init__(self) -> None:
        """Make the stages."""
        self._chance, self._plan = random.Random(self.seed), Plan.of(self.policy)

    def run(self, log: Log, keying: Keying, count: int) -> Answers:
        """All of a log."""
        where = log.partitions(keying, count)
        hands = [_Hand(self._source(number, count), []) for number in range(count)]
        for number, value, arrival_ms in zip(where, log.values, log.arrivals_ms, strict=True):
            hands[number].records.append((value, arrival_ms))
        self._join, self._panel, self._act = self._plan.join(range(count)), self._plan.panel(), self._plan.act()
        reading = list(range(count))
        while reading:
            number = self._chance.choice(reading)
            if not self._read(hands[number], number, count):
                reading.remove(number)
        self._judge(self._join.close())
        return self._answers([hand.source for hand in hands])

    def _source(self, number: int, count: int) -> SourcePartition:
        return self._plan.source(number, has_arrival=True, partitions=count)

    def _read(self, hand: _Hand, number: int, count: int) -> bool:
        """Read a piece of a partition; False when that was its end."""
        at = hand.source.next_offset
        if at == len(hand.records):
            self._join_all([*hand.source.settle(), hand.source.end()])
            return False
        part = hand.records[at : at + self._chance.randint(1, LONGEST)]
        batch = Batch([value for value, _ in part], range(at, at + len(part)), [arrival for _, arrival in part])
        self._join_all(hand.source.feed(batch))
        hand.source.take_dead_letters()
        self._change_hands(hand, number, count)
        return True

    def _change_hands(self, hand: _Hand, number: int, count: int) -> None:
        """Keep a snapshot, send a block as far as it is, go on from the snapshot kept last: each by chance."""
        if not hand.kept or self._chance.random() < self.restores:
            hand.kept = pack(hand.source.snapshot())
        if self._chance.random() < self.restores / 2:
            self._join_all([hand.source.sealed_so_far()])
        if self._chance.random() < self.restores:
            self.restored += 1
            hand.source = self._source(number, count)
            hand.source.restore(unpack(hand.kept))

    def _join_all(self, blocks: Iterable[Sealed]) -> None:
        for sealed in blocks:
            if self._is_put_away():
                known, self._join = self._join, self._plan.join(list(self._join._sources))
                self._join.restore(unpack(pack(known.snapshot())))
            self._join.add(sealed)
            self._judge(self._join.complete())

    def _judge(self, windows: Iterable[Any]) -> None:
        for facts in windows:
            self.digest.take(facts)
            self._put_away_judges()
            judgement = self._panel.judge(facts)
            changes, decisions = self._act.take(judgement)
            self.outputs.add(judgement.anomalies, [each.incident for each in changes], decisions)
            self.budgets += judgement.budgets

    def _put_away_judges(self) -> None:
        if self._is_put_away():
            known, self._panel = self._panel, self._plan.panel()
            self._panel.restore(unpack(pack(known.snapshot())))
        if self._is_put_away():
            act, self._act = self._act, Act(self.policy)
            self._act.incidents.restore(unpack(pack(act.incidents.snapshot())))
            self._act.decider.restore(unpack(pack(act.decider.snapshot())))

    def _is_put_away(self) -> bool:
        away = self._chance.random() < self.restores
        self.restored += away
        return away

    def _answers(self, sources: list[SourcePartition]) -> Answers:
        outputs = (self.outputs.sorted_anomalies(), self.outputs.sorted_incidents(), self.outputs.sorted_decisions())
        lines = {name: b"".join(encode(each) + b"\n" for each in its) for name, its in zip(FILES, outputs, strict=True)}
        totals = Tally.total(source.tally for source in sources).summary() | {"windows": self._join.scope_windows}
        return Answers(lines, totals, spent(self.budgets), self.digest.windows)
