"""Figures and what they are to be -> a table that says which targets are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.board import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One line of the bar.

    Attributes:
        key: of build/bench.json.
        least: what it must reach; with `most` what it must not exceed.
        aim: what would be better.
    """

    what: str
    key: str
    least: float
    aim: float
    most: bool = False

    def kept(self, value: float) -> bool:
        """Whether a figure reaches it."""
        return value <= self.least if self.most else value >= self.least

    def row(self, figures: Mapping[str, Any]) -> tuple[str, ...]:
        """Its line of the table; a figure that was not measured keeps nothing."""
        value = figures.get(self.key)
        word = "at most" if self.most else "at least"
        told = "not measured" if value is None else f"{value:,}"
        verdict = "-" if value is None else "kept" if self.kept(value) else "NOT KEPT"
        return (self.what, f"`{self.key}`", told, f"{word} {self.least:,g}", f"{self.aim:,g}", verdict)


def bar_table(targets: Sequence[Target], figures: Mapping[str, Any], note: str = "") -> Table:
    """The targets of a part, with what was measured."""
    columns = ("what", "key", "measured", "target", "aim", "verdict")
    return Table("The bar", columns, [target.row(figures) for target in targets], note)
