"""What the benches measured -> tables on the terminal, build/bench.json, and docs/benchmarks.md."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from bench.machine import machine, versions

ROOT = Path(__file__).parents[1]
JSON = ROOT / "build" / "bench.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PARTS = ("kafka", "peers", "latency", "workers", "restore", "scopes", "turnover", "replay", "detection")


@dataclass(frozen=True, slots=True)
class Table:
    """One table. Cells are texts, ready to be read; `note` stands under it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def show(self) -> None:
        """Print it."""
        table = RichTable(*self.columns, title=self.title, title_justify="left", title_style="bold")
        for row in self.rows:
            table.add_row(*row)
        console = Console()
        if not console.is_terminal:
            console = Console(width=140)
        console.print(table)
        if self.note:
            console.print(self.note, highlight=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one bench leaves.

    Attributes:
        name: one of PARTS.
        command: that repeats it.
        figures: for the top of build/bench.json.
        details: everything that was measured, as JSON.
        tables: for people.
    """

    name: str
    command: str
    figures: Mapping[str, Any]
    details: Mapping[str, Any]
    tables: Sequence[Table]


def keep(part: Part, path: Path = JSON) -> None:
    """Print the tables of a part, and put it into the JSON file beside the other parts."""
    for table in part.tables:
        table.show()
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    known |= {"versions": versions(), "machine": machine(), **part.figures}
    known.setdefault("parts", {})[part.name] = {
        "command": part.command,
        "measured": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "versions": versions(),
        "machine": machine(),
        "details": dict(part.details),
        "tables": [asdict(table) for table in part.tables],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=1) + "\n")


HEAD = """# What was measured

Written by `make bench`, which leaves the same figures in `build/bench.json`. Absolute rates depend on the machine and on what else
runs on it, by a factor of two; ratios were taken in one interleaved run. A CPU-second is user and system time of the process that
is measured, of all its threads, without the broker. Targets are in brackets.
"""


def page(known: Mapping[str, Any]) -> str:
    """docs/benchmarks.md of the content of build/bench.json."""
    blocks = [HEAD]
    for name in PARTS:
        part = known.get("parts", {}).get(name)
        if part:
            where = part["machine"]
            blocks.append(
                f"## {name}\n\n`{part['command']}`, {part['measured']}, {where['cores']} cores of {where['processor']}, load "
                f"{where['load_1min']}, Python {part['versions']['python']}, aiokafka {part['versions']['aiokafka']}, "
                f"Faust {part['versions']['faust-streaming']}, numpy {part['versions']['numpy']}, "
                f"scanner {where.get('scanner', 'not there yet')}.\n"
            )
            blocks += [_markdown(Table(**table)) for table in part["tables"]]
    return "\n".join(blocks)


def write_page(json_path: Path = JSON, page_path: Path = PAGE) -> None:
    """Write docs/benchmarks.md anew."""
    page_path.write_text(page(json.loads(json_path.read_text())))


def _markdown(table: Table) -> str:
    lines = [f"**{table.title}**", ""]
    lines += [f"| {' | '.join(row)} |" for row in (table.columns, ["---"] * len(table.columns), *table.rows)]
    return "\n".join([*lines, "", table.note, ""] if table.note else [*lines, ""])
