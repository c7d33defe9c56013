"""The whole way of a record on one page.

    bytes -> usage -> priced usage -> facts -> blocks      SourcePartition.feed     streams/partition.py
    blocks -> complete windows                             Join.add, Join.complete  streams/merge.py
    complete windows -> anomalies                          Panel.judge              detectors/panel.py
    anomalies -> incidents                                 Incidents.observe        actions/incidents.py
    incidents -> decisions                                 Decider.decide           actions/decide.py
    decisions -> receipts -> audit                         only in the service: actions/perform.py, actions/audit.py

Everything above the last line is pure. The service runs the stages in workers with topics between them, replay and the tests run
them in one process; there is no second implementation of any of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from actions.control import Control
from actions.decide import Decider
from actions.decision import Decision
from actions.incidents import IncidentChange, Incidents
from actions.policy import Policy, compile_setup
from detectors.anomaly import Judgement
from detectors.facts import WindowFacts
from detectors.panel import Panel
from detectors.scope import Rollup
from streams.block import Sealed
from streams.merge import Join
from streams.partition import SourcePartition
from streams.price import Book
from streams.rollups import DEFAULT_ROLLUPS
from streams.window import Timing


@dataclass(frozen=True, slots=True)
class Judged:
    """All that one window led to."""

    facts: WindowFacts
    judgement: Judgement
    changes: tuple[IncidentChange, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a policy means for every stage: built once, shared by the service, replay and the tests."""

    policy: Policy
    timing: Timing
    rollups: tuple[Rollup, ...]

    @classmethod
    def of(cls, policy: Policy, timing: Timing | None = None) -> "Plan":
        """The plan of a policy. Roll-ups are the default ones, the policy's, its budgets' and what detectors read."""
        panel = Panel(compile_setup(policy))
        budgets = [tuple(dimension for dimension, _ in budget.scope) for budget in panel.setup.budgets]
        own = [tuple(sorted(rollup)) for rollup in policy.rollups]
        rollups = dict.fromkeys([*DEFAULT_ROLLUPS, *own, *budgets, *panel.rollups])
        return cls(policy=policy, timing=timing or Timing(), rollups=tuple(rollups))

    def source(self, partition: int, *, has_arrival: bool, partitions: int = 1) -> SourcePartition:
        """Stage 1 for one source partition."""
        return SourcePartition(
            partition,
            timing=self.timing,
            book=Book.of_policy(self.policy),
            rollups=self.rollups,
            has_arrival=has_arrival,
            dead_letter_body=self.policy.dead_letter.body,
            partitions=partitions,
        )

    def join(self, partitions: Sequence[int]) -> Join:
        """Stage 2, first half."""
        return Join(partitions, rollups=self.rollups, timing=self.timing)

    def panel(self) -> Panel:
        """Stage 2, second half."""
        return Panel(compile_setup(self.policy))

    def act(self) -> "Act":
        """Stage 3, the pure part."""
        return Act(self.policy)


class Act:
    """Judgements and control records in order -> incidents and decisions; a function of them alone."""

    def __init__(self, policy: Policy) -> None:
        self.incidents = Incidents(policy.safety)
        self.decider = Decider(policy)

    def take(
        self, judgement: Judgement, controls: Iterable[Control] = ()
    ) -> tuple[tuple[IncidentChange, ...], tuple[Decision, ...]]:
        """What changes with one window."""
        changes = self.incidents.observe(judgement)
        return tuple(changes), tuple(self.decider.decide(judgement, changes, tuple(controls)))


class Pipeline:
    """Stages 2 and 3 in one process: sealed blocks in, judged windows out."""

    def __init__(self, plan: Plan, partitions: Sequence[int]) -> None:
        self.join = plan.join(partitions)
        self.panel = plan.panel()
        self.act = plan.act()

    def add(self, sealed: Sealed) -> Iterator[Judged]:
        """Take a block; the windows that it completes, judged."""
        self.join.add(sealed)
        yield from self._judge(self.join.complete())

    def close(self) -> Iterator[Judged]:
        """The input has ended; the windows that were still open, judged."""
        yield from self._judge(self.join.close())

    def _judge(self, windows: Iterable[WindowFacts]) -> Iterator[Judged]:
        for facts in windows:
            judgement = self.panel.judge(facts)
            changes, decisions = self.act.take(judgement)
            yield Judged(facts, judgement, changes, decisions)
