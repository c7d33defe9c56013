"""Objects of JSON -> tables for people. Values come from telemetry, so none of them is markup."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def wide_console() -> Console:
    """A console that breaks no lines where nobody looks at them."""
    console = Console()
    return console if console.is_terminal else Console(width=240)


def table(title: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    """A row an object, a column a key; what is not there stays empty."""
    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    for column in columns:
        drawn.add_column(column)
    for row in rows:
        drawn.add_row(*(cell(row.get(column)) for column in columns))
    return drawn


def figures(values: Mapping[str, Any]) -> Table:
    """Two columns, name and value."""
    drawn = Table(box=None, show_header=False)
    for name, value in values.items():
        drawn.add_row(cell(name), cell(value))
    return drawn


def cell(value: Any) -> Text:
    """The text of a value; control characters are shown, not sent to the terminal."""
    if value is None:
        return Text("")
    if isinstance(value, Mapping):
        text = ", ".join(f"{name}={each}" for name, each in value.items())
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = str(value)
    return Text("".join(each if each.isprintable() else repr(each)[1:-1] for each in text))
