"""`tidegate simulate`: a scenario -> telemetry with labelled faults, in a file or on Kafka."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.errors import WrongUseError
from streams.options import kafka_options, take_kafka

if TYPE_CHECKING:
    from streams.settings import KafkaSettings
    from streams.simulate.scenario import Scenario
    from streams.simulate.traffic import Traffic


class Speed(click.ParamType):
    """Simulated seconds a second, or `max`."""

    name = "N|max"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        """A factor above 0, or None for `max`."""
        if value is None or value == "max":
            return None
        try:
            speed = float(value)
        except ValueError:
            speed = 0.0
        if not 0 < speed < float("inf"):
            self.fail(f"{value!r} is neither a number above 0 nor `max`", param, ctx)
        return speed


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), help="In place of the scenario's own; another seed is another stream.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file: .jsonl, .jsonl.gz, .jsonl.zst or .tgr.")
@kafka_options(required=False)
@click.option("--topic", help="On Kafka; made where it is missing.  [default: telemetry, with the prefix]")
@click.option("--partitions", type=click.IntRange(1, 1000), help="Of a .tgr (default 1), or of the topic if it is made (4).")
@click.option("--speed", type=Speed(), default="max", show_default=True, help="To Kafka: simulated seconds a second.")
@click.option("--start", help="In place of the scenario's own: `now`, or an RFC 3339 time.")
@click.option("--labels", type=click.Path(path_type=Path, dir_okay=False), help="A file for the labels of the faults.")
@click.option("--json", "as_json", is_flag=True, help="Print what was sent as JSON.")
def command(scenario: Path, seed: int | None, start: str | None, labels: Path | None, **to: Any) -> None:
    """Send the telemetry that SCENARIO describes to a file (--out) or to Kafka (--bootstrap).

    The same scenario and seed give the same bytes. --labels writes what a perfect detector would find, for `tidegate replay`.
    """
    from streams.simulate.load import load_scenario  # noqa: PLC0415 (heavy imports are for those who run it)
    from streams.simulate.traffic import Traffic  # noqa: PLC0415
    from streams.simulate.truth import write_labels  # noqa: PLC0415

    kafka = _kafka(to)
    script = load_scenario(scenario).changed(seed=seed, start_ms=_start_ms(start))
    traffic = Traffic(script)
    if labels:
        write_labels(script, labels)
    began_s = time.perf_counter()
    with _progress(script) as shown:
        _to_kafka(traffic, kafka, to, shown) if kafka else _to_file(traffic, to["out"], to["partitions"], shown)
    _report(traffic, time.perf_counter() - began_s, as_json=to["as_json"])


def _kafka(to: dict[str, Any]) -> "KafkaSettings | None":
    """Where to on Kafka; None for a file. An address in the environment gives way to --out."""
    source = click.get_current_context().get_parameter_source("bootstrap")
    if to["out"] is not None and source is not click.core.ParameterSource.COMMANDLINE:
        to["bootstrap"] = None
    if (to["out"] is None) == (not to["bootstrap"]):
        raise WrongUseError("say where to: either --out FILE or --bootstrap HOST:PORT")
    return take_kafka(to, dict(os.environ))


def _start_ms(text: str | None) -> int | None:
    from detectors.canonical import parse_time  # noqa: PLC0415

    if text is None:
        return None
    if text == "now":
        return int(time.time() * 1000)
    try:
        return parse_time(text)
    except ValueError as error:
        raise WrongUseError(f"--start: {text!r} is neither `now` nor an RFC 3339 time with an offset") from error


class _Shown:
    """A progress bar; silent where nobody watches."""

    def __init__(self, bar: Any, task: Any, start_ms: int) -> None:
        self._bar, self._task, self._start_ms = bar, task, start_ms

    def reached(self, until_ms: int, records: int) -> None:
        """Everything before `until_ms` is out."""
        self._bar.update(self._task, completed=until_ms - self._start_ms, records=f"{records:,} records")


@contextmanager
def _progress(scenario: "Scenario") -> Iterator[_Shown]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn(scenario.name), BarColumn(), TextColumn("{task.fields[records]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield _Shown(bar, bar.add_task(scenario.name, total=scenario.duration_ms, records=""), scenario.start_ms)


def _to_file(traffic: "Traffic", path: Path, partitions: int | None, shown: _Shown) -> None:
    from streams.simulate.emit import open_sink  # noqa: PLC0415
    from streams.simulate.traffic import stream  # noqa: PLC0415

    sink = open_sink(path, partitions=partitions or 1)
    try:
        for arrivals in stream(traffic):
            sink.write(arrivals)
            shown.reached(int(arrivals.arrivals_ms[-1]), traffic.tally.usage_records)
    finally:
        sink.close()


def _to_kafka(traffic: "Traffic", settings: "KafkaSettings", to: dict[str, Any], shown: _Shown) -> None:
    import asyncio  # noqa: PLC0415

    from streams.log.kafka import Kafka, KafkaError  # noqa: PLC0415
    from streams.log.topics import TELEMETRY, Topic, Topics  # noqa: PLC0415
    from streams.simulate.produce import TopicSink, produce  # noqa: PLC0415

    topic = to["topic"] or Topics(settings.topic_prefix).telemetry
    kafka = Kafka(settings, client_id="tidegate-simulate")

    async def send() -> None:
        counts = await kafka.ensure([Topic(topic, to["partitions"] or 4, TELEMETRY)])
        producer = await kafka.producer()
        try:
            sink = TopicSink(producer, topic, partitions=counts[topic])
            async for until_ms in produce(traffic, sink, speed=to["speed"]):
                shown.reached(until_ms, traffic.tally.usage_records)
        except KafkaError as error:
            raise kafka.unreachable(error) from error
        finally:
            await producer.stop()

    asyncio.run(send())


def _report(traffic: "Traffic", seconds: float, *, as_json: bool) -> None:
    import json  # noqa: PLC0415

    tally = traffic.tally
    refused: Iterable[tuple[str, int]] = sorted(tally.dead_letters.items())
    figures: dict[str, Any] = {
        "usage_records": tally.usage_records,
        "operations": tally.operations,
        "duplicates": tally.duplicates,
        "conflicts": tally.conflicts,
        "dead_letters": dict(refused),
        "input_tokens": tally.input_tokens,
        "output_tokens": tally.output_tokens,
        "seconds": round(seconds, 3),
        "records_per_second": round(tally.usage_records / seconds) if seconds else 0,
    }
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, figure in figures.items():
        text = ", ".join(f"{reason} {count}" for reason, count in refused) or "none" if name == "dead_letters" else f"{figure:,}"
        click.echo(f"{name.replace('_', ' '):20} {text}")
