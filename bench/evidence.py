"""A file of usage records and a scope -> how near each window came to a spike, also where nothing was said.

    python -m bench.evidence code.jsonl tenant=azure-code [--detector token_spike] [--top 15]

Prints the windows in which the evidence was strongest: seconds since the scope's first window, what was observed and expected, and
which share of the threshold the evidence had reached.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from actions.policy import DEFAULT_POLICY
from bench.board import Table
from detectors.cost_spike import CostSpike
from detectors.facts import Float64, WindowFacts
from detectors.scope import Rollup, Scope, parse_scope, rollup_of
from detectors.spike import SpikeBank
from detectors.spike_report import Sighting
from detectors.token_spike import TokenSpike
from streams.replay import Replay
from streams.source import open_sources
from streams.spend import Spend

DETECTORS: dict[str, type[TokenSpike] | type[CostSpike]] = {"token_spike": TokenSpike, "cost_spike": CostSpike}
OLD_MS = 300_000
"""What is expected of the first 30 windows is no baseline yet; they are left out."""


@dataclass(frozen=True, slots=True)
class Look:
    """One window of one unit of a scope."""

    start_ms: int
    unit: str
    sighting: Sighting

    @property
    def times(self) -> float:
        """Observed over expected."""
        return self.sighting.observed / max(self.sighting.expected, 1e-9)


class Attentive(SpikeBank):
    """A bank that does not forget the window that it has scored."""

    def rest(self) -> None:
        """Nothing is forgotten once there is a window."""
        if not hasattr(self, "window"):
            super().rest()


class Watcher(Spend):
    """A detector of its own beside the replay's, whose evidence is written down window by window."""

    def __init__(self, detector: TokenSpike | CostSpike, scope: Scope) -> None:
        super().__init__()
        self._detector = detector
        self._detector._bank = Attentive(units=len(detector.units))  # noqa: SLF001 (what is looked at is inside)
        self._scope = scope
        self.looks: list[Look] = []

    def take(self, facts: WindowFacts, expected: Mapping[Rollup, Float64]) -> None:  # noqa: ARG002 (the hook's signature)
        """Judge a window and note the scope's evidence."""
        self._detector.judge(facts)
        bank, rows = self._detector._bank, self._detector._rows  # noqa: SLF001 (what is looked at is inside)
        rollup = rollup_of(self._scope)
        slot = facts.rollups[rollup].roster.slot(tuple(value for _, value in self._scope))
        if slot is not None:
            row = int(rows.of(rollup)[slot])
            for number, unit in enumerate(self._detector.units):
                self.looks.append(Look(facts.start_ms, unit.histogram, bank.sighting(number, row)))


def strongest(looks: Sequence[Look], top: int) -> Table:
    """The windows with the strongest evidence, among equals those furthest above what was expected; in order of time."""
    first_ms = looks[0].start_ms
    old = [each for each in looks if each.start_ms - first_ms >= OLD_MS] or looks
    nearest = sorted(old, key=lambda each: (-each.sighting.score, -each.times))[:top]
    chosen = sorted(nearest, key=lambda each: (each.start_ms, each.unit))
    rows = [
        (
            f"{(each.start_ms - first_ms) / 1000:.0f}",
            each.unit,
            f"{each.sighting.requests:.0f}",
            f"{each.sighting.expected_requests:.1f}",
            f"{each.sighting.observed:,.0f}",
            f"{each.sighting.expected:,.0f}",
            f"{each.times:.1f}",
            each.sighting.channel.value,
            f"{each.sighting.score:.2f}",
            each.sighting.grade.name.lower(),
        )
        for each in chosen
    ]
    columns = ("t s", "unit", "requests", "expected", "observed", "expected", "times", "channel", "share of threshold", "grade")
    return Table("Windows with the strongest evidence", columns, rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.evidence", description="How near windows came to a spike.")
    parser.add_argument("file", type=Path)
    parser.add_argument("scope", help="dim=value,...")
    parser.add_argument("--detector", choices=tuple(DETECTORS), default="token_spike")
    parser.add_argument("--top", type=int, default=15)
    told = parser.parse_args(arguments)
    watcher = Watcher(DETECTORS[told.detector](), parse_scope(told.scope))
    Replay(DEFAULT_POLICY, open_sources(told.file), spend=watcher).run()
    if not watcher.looks:
        print(f"{told.file}: has no window with {told.scope}", file=sys.stderr)
        return 1
    strongest(watcher.looks, told.top).show()
    return 0


if __name__ == "__main__":
    sys.exit(main())
