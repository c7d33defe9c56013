"""`tidegate audit verify`: the hash chain of a file or of Kafka -> whether anybody has changed it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.errors import WrongUseError
from streams.options import kafka_options, take_kafka

if TYPE_CHECKING:
    from actions.audit import Flaw
    from streams.settings import KafkaSettings


@click.group()
def command() -> None:
    """Look at the audit: what was decided, done and asked for."""


@command.command()
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON Lines, as `audit export` writes.")
@kafka_options(required=False)
@click.option("--head", metavar="SEQ:HASH", help="An entry that must be there, noted earlier: shows that the end was not cut off.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def verify(ctx: click.Context, /, file: Path | None, head: str | None, *, as_json: bool, **options: Any) -> None:
    """Verify the chain. Exit code 0: nothing was edited, left out or written beside it. 1: something was."""
    from actions.audit import verify as flaws_of  # noqa: PLC0415 (heavy imports are for those who run it)

    lines = list(_lines(file, options))
    flaws = flaws_of(lines, head=_head(head))
    last = json.loads(lines[-1]) if lines and not flaws else None
    if as_json:
        click.echo(json.dumps({"entries": len(lines), "head": _head_of(last), "flaws": [_plain(each) for each in flaws]}))
    else:
        for each in flaws:
            click.echo(f"line {each.line}: {each.fault}: {each.detail}")
        click.echo(f"{len(lines)} entries, {len(flaws)} flaws" + (f", head {_head_of(last)}" if last else ""))
    if flaws:
        ctx.exit(1)


@command.command()
@kafka_options()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A JSON Lines file.")
def export(out: Path, **options: Any) -> None:
    """Write the chain to a file, as it is."""
    lines = list(_lines(None, options))
    out.write_bytes(b"".join(line + b"\n" for line in lines))
    click.echo(f"{len(lines)} entries in {out}")


def _lines(file: Path | None, options: dict[str, Any]) -> Iterator[bytes]:
    kafka = take_kafka(options, dict(os.environ))
    if file is not None:
        from actions.audit import read_entries  # noqa: PLC0415

        with file.open("rb") as opened:
            yield from read_entries(opened)
    elif kafka is not None:
        yield from _from_kafka(kafka)
    else:
        raise WrongUseError("say what to look at: --file FILE or --bootstrap HOST:PORT")


def _from_kafka(settings: "KafkaSettings") -> list[bytes]:
    import asyncio  # noqa: PLC0415

    from streams.log.kafka import Kafka, TopicPartition  # noqa: PLC0415
    from streams.log.topics import Topics  # noqa: PLC0415

    async def read() -> list[bytes]:
        kafka, topic = Kafka(settings, client_id="tidegate-audit"), Topics(settings.topic_prefix).audit
        async with kafka.admin() as admin:
            if topic not in await admin.list_topics():
                raise WrongUseError(f"there is no topic {topic}")
        tps = [TopicPartition(topic, 0)]
        async with kafka.reading(tps) as consumer:
            return [record.value or b"" async for record in kafka.to_the_end(consumer, tps)]

    return asyncio.run(read())


def _head(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    seq, _, digest = text.partition(":")
    if not seq.isdecimal() or len(digest) != 64:
        raise WrongUseError("--head: it is SEQ:HASH, as `audit verify` prints it")
    return int(seq), digest


def _head_of(entry: dict[str, Any] | None) -> str | None:
    return f"{entry['seq']}:{entry['hash']}" if entry else None


def _plain(flaw: "Flaw") -> dict[str, Any]:
    return {"fault": flaw.fault.value, "seq": flaw.seq, "line": flaw.line, "detail": flaw.detail}
