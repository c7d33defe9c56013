"""`tidegate replay`: recorded streams -> anomalies, incidents, decisions, a summary and a report (design 4.4)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.commands.simulate import Speed

if TYPE_CHECKING:
    from actions.policy import Policy
    from streams.replay import Replay

SEVERITIES = ("info", "warning", "error", "critical")


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--policy", type=click.Path(path_type=Path), help="A policy file or folder; without it the built-in one.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="A folder for the results.")
@click.option("--labels", type=click.Path(path_type=Path), help="Faults that are really there, one JSON object a line.")
@click.option("--speed", type=Speed(), default="max", show_default=True, help="Recorded seconds a second.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit 3 when an incident is at least this severe.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(inputs: tuple[str, ...], policy: Path | None, out: Path | None, **options: Any) -> int:
    """Run recorded telemetry through the very code of the service. Never acts on the outside world.

    INPUT is a file of usage records (.jsonl, .jsonl.gz, .jsonl.zst, .parquet), a recording of `tidegate record` (.tgr), or
    kafka://HOST:PORT/TOPIC?from=...&to=... with RFC 3339 times, epoch milliseconds, `earliest` or `latest`.
    """
    from actions.policy import DEFAULT_POLICY, load_policy  # noqa: PLC0415 (heavy imports are for those who run it)
    from streams.labels import read_labels  # noqa: PLC0415
    from streams.replay import Replay  # noqa: PLC0415
    from streams.source.inputs import open_inputs  # noqa: PLC0415
    from streams.spend import Spend  # noqa: PLC0415

    chosen = load_policy(policy) if policy else DEFAULT_POLICY
    labels = read_labels(options["labels"]) if options["labels"] else None
    sources = open_inputs(inputs)
    spend = Spend() if out else None
    began_s = time.perf_counter()
    replay = Replay(chosen, sources, spend=spend)
    with _progress(sources) as shown:
        pace = _Pace(options["speed"])
        for records in replay.steps():
            shown(records)
            pace.keep(replay.clock_ms)
    summary = replay.summary(wall_seconds=time.perf_counter() - began_s, labels=labels)
    if out:
        _write(replay, chosen, summary, out, title=", ".join(Path(each).name for each in inputs))
    _print(replay, summary, out, as_json=options["as_json"])
    failed = options["fail_on"] and replay.worst_rank >= SEVERITIES.index(options["fail_on"])
    return 3 if failed else 0


class _Pace:
    """Holds a replay back to so many recorded seconds a second."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._began: tuple[float, int] | None = None

    def keep(self, clock_ms: int | None) -> None:
        """Wait until the recorded clock may be where it is."""
        if self._speed is None or clock_ms is None:
            return
        if self._began is None:
            self._began = (time.monotonic(), clock_ms)
        due_s = self._began[0] + (clock_ms - self._began[1]) / 1000 / self._speed
        time.sleep(max(0.0, due_s - time.monotonic()))


@contextmanager
def _progress(sources: list[Any]) -> Iterator[Any]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("replay"), BarColumn(), TextColumn("{task.fields[records]}"), TimeRemainingColumn())
    total = sum(each.size_bytes for each in sources)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("replay", total=total or None, records="")
        yield lambda records: bar.update(
            task, completed=sum(each.position_bytes for each in sources), records=f"{records:,} records"
        )


def _write(replay: "Replay", policy: "Policy", summary: dict[str, Any], out: Path, *, title: str) -> None:
    import msgspec  # noqa: PLC0415

    from actions.report import ReportData, render  # noqa: PLC0415
    from streams.outputs import write_whole  # noqa: PLC0415

    outputs = replay.outputs
    outputs.write(out)
    write_whole(out / "summary.json", msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
    data = ReportData(
        title=title,
        summary=summary,
        series=replay.spend.series(outputs.sorted_incidents()) if replay.spend else (),
        incidents=tuple(outputs.sorted_incidents()),
        anomalies=tuple(outputs.sorted_anomalies()),
        decisions=tuple(outputs.sorted_decisions()),
        budgets=tuple(replay.budgets.values()),
        policy_version=policy.digest,
    )
    write_whole(out / "report.html", render(data).encode())


def _print(replay: "Replay", summary: dict[str, Any], out: Path | None, *, as_json: bool) -> None:
    import msgspec  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    if as_json:
        click.echo(msgspec.json.encode(summary))
        return
    console = Console()
    facts = Table("", "", show_header=False, box=None)
    for name, value in summary.items():
        facts.add_row(name, escape(_shown(value)))
    console.print(facts)
    incidents = replay.outputs.sorted_incidents()
    if incidents:
        table = Table("opened", "severity", "incident", "cost USD", "resolved")
        for each in incidents[:50]:
            table.add_row(each.opened, each.severity.value, escape(each.title), each.cost_usd, each.resolved or "open")
        console.print(table)
    if len(incidents) > 50:
        console.print(f"... and {len(incidents) - 50} more")
    if out:
        console.print(f"report: {escape(str(out / 'report.html'))}")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
