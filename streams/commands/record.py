"""`tidegate record`: a topic on Kafka -> a file that `tidegate replay` reads."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.errors import WrongUseError
from streams.log.topics import Topics
from streams.options import kafka_options, take_kafka

if TYPE_CHECKING:
    from streams.log.record import Stretch
    from streams.settings import KafkaSettings


@click.command()
@kafka_options()
@click.option("--topic", help="Default: telemetry, with the prefix.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The recording: a .tgr file.")
@click.option("--from", "start", default="earliest", show_default=True, help="earliest, latest, RFC 3339 or epoch milliseconds.")
@click.option("--to", "end", help="Likewise, exclusive. Without --to and --until-end it records until Ctrl-C.")
@click.option("--until-end", is_flag=True, help="Stop at the end found now.")
@click.option("--json", "as_json", is_flag=True, help="Print what was recorded as JSON.")
def command(topic: str | None, out: Path, start: str, end: str | None, *, until_end: bool, as_json: bool, **options: Any) -> None:
    """Record a topic: topic, partition, offset, timestamp, key and value of every record, byte for byte."""
    from streams.log.positions import LATEST, position_of  # noqa: PLC0415 (heavy imports are for those who run it)
    from streams.log.record import Stretch  # noqa: PLC0415

    kafka = take_kafka(options, dict(os.environ))
    assert kafka is not None
    if end is not None and until_end:
        raise WrongUseError("--to and --until-end do not go together")
    stop = LATEST if until_end else end
    stretch = Stretch(
        topic=topic or Topics(kafka.topic_prefix).telemetry,
        start=position_of(start, option="--from"),
        end=None if stop is None else position_of(stop, option="--to"),
    )
    records = _record(kafka, stretch, out)
    size = out.stat().st_size
    answer = {"topic": stretch.topic, "records": records, "bytes": size, "out": str(out)}
    click.echo(json.dumps(answer) if as_json else f"{records:,} records of {stretch.topic} in {out} ({size:,} bytes)")


def _record(kafka: "KafkaSettings", stretch: "Stretch", out: Path) -> int:
    import asyncio  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from streams.log.kafka import Kafka  # noqa: PLC0415
    from streams.log.record import Recorder  # noqa: PLC0415

    async def run() -> int:
        with _counter() as on_records:
            recorder = Recorder(Kafka(kafka, client_id="tidegate-record"), stretch, on_records=on_records)
            for each in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(each, recorder.stop)
            return await recorder.run(out)

    return asyncio.run(run())


@contextmanager
def _counter() -> Iterator[Callable[[int], None]]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} records"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("record", total=None)
        yield lambda records: bar.update(task, completed=records)
