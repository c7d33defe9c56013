"""The state of a demo -> a live table on a terminal, plain lines anywhere else."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streams.demo.script import Step
from streams.demo.watch import Case

SILENT_S = 10.0
_COLUMNS = (
    ("found", (Step.FOUND,)),
    ("told", (Step.PAGED, Step.TICKETED)),
    ("acted", (Step.THROTTLED, Step.ROLLED_BACK)),
    ("less traffic", (Step.REDUCED,)),
    ("lifted", (Step.LIFTED,)),
    ("resolved", (Step.RESOLVED,)),
)


@dataclass(slots=True)
class State:
    """What is shown.

    Attributes:
        elapsed_s: since the demo began.
        now_ms: wall clock, to tell which faults have begun.
    """

    phase: str = ""
    elapsed_s: float = 0.0
    now_ms: int = 0
    records_per_s: float = 0.0
    spend_usd: float = 0.0
    throttles: dict[str, float] = field(default_factory=dict)
    cases: Sequence[Case] = ()


class Screen(Protocol):
    """Where a demo is shown."""

    def say(self, line: str) -> None:
        """Print a line that stays."""
        ...

    def show(self, state: State) -> None:
        """Show the state as it is now."""
        ...


class Lines:
    """Plain lines: what happens, every new phase, and a sign of life."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase = ""
        self._said_s = 0.0

    def say(self, line: str) -> None:
        """Print a line."""
        self._said_s = time.monotonic()
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def show(self, state: State) -> None:
        """Print the phase when it is another one, and the figures when nothing was said for a while."""
        if state.phase != self._phase:
            self._phase = state.phase
            self.say(f"{state.elapsed_s:5.0f} s  {state.phase}")
        elif time.monotonic() - self._said_s >= SILENT_S:
            self.say(f"{state.elapsed_s:5.0f} s  {state.records_per_s:.0f} records/s, ${state.spend_usd:,.2f} spent")


class Board:
    """A table that is drawn anew, below the lines that were said."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def say(self, line: str) -> None:
        """Print a line above the table."""
        self._live.console.print(line, markup=False, highlight=False)

    def show(self, state: State) -> None:
        """Draw the table."""
        self._live.update(board(state))


def board(state: State) -> Group:
    """The whole picture."""
    throttles = ", ".join(f"{scope} at {factor:.0%}" for scope, factor in sorted(state.throttles.items())) or "none"
    head = Text.assemble(
        (f" {state.phase} ", "bold reverse"),
        f"  {state.elapsed_s:.0f} s   {state.records_per_s:.0f} records/s   ${state.spend_usd:,.2f} spent   throttled: {throttles}",
    )
    if not state.cases:
        return Group(head)
    table = Table("incident", "began", *(name for name, _ in _COLUMNS), "cost", expand=False)
    for case in state.cases:
        since_s = (state.now_ms - case.scripted.label.start_ms) / 1000
        began = f"{since_s:.0f} s ago" if since_s >= 0 else f"in {-since_s:.0f} s"
        cells = [_cell(case, steps) for _, steps in _COLUMNS]
        table.add_row(case.scripted.name, began, *cells, f"${float(case.cost_usd):.2f}")
    return Group(head, table)


def _cell(case: Case, steps: Sequence[Step]) -> Text:
    mine = [step for step in steps if step in case.scripted.steps]
    if not mine:
        return Text("-", style="dim")
    seen = [step for step in mine if step in case.marks]
    return Text(f"{case.marks[seen[0]]:.0f} s", style="green") if seen else Text("…", style="dim")


@contextmanager
def screen(console: Console) -> Iterator[Screen]:
    """A live table where the console is a terminal, plain lines where it is none."""
    if not console.is_terminal:
        yield Lines(console)
        return
    with Live(Text(), console=console, refresh_per_second=4, transient=False) as live:
        yield Board(live)
