"""`tidegate freeze`: stop all acting, within 2 s, on every worker."""

import json
import os
from typing import Any

import click

from streams.options import kafka_options, service_options, take_kafka


@click.command()
@service_options
@kafka_options(required=False)
@click.option("--off", is_flag=True, help="Let Tidegate act again.")
@click.option("--reason", default="", help="For those who wonder; goes to the audit.")
def command(url: str | None, token_env: str, reason: str, *, off: bool, as_json: bool, **options: Any) -> None:
    """Freeze all acting: nothing is throttled or rolled back, throttles that stand run out; on-call is still paged.

    It goes to a worker (--url), or with --bootstrap straight to Kafka, which works when no worker answers.
    """
    from actions.control import ControlKind  # noqa: PLC0415 (heavy imports are for those who run it)
    from streams.ask import ask  # noqa: PLC0415

    kafka = take_kafka(options, dict(os.environ))
    kind = ControlKind.UNFREEZE if off else ControlKind.FREEZE
    control_id = ask(kind, {"reason": reason}, url=url, token=os.environ.get(token_env), kafka=kafka)
    done = "acting again" if off else "frozen: nothing is taken from anybody until `tidegate freeze --off`"
    click.echo(json.dumps({"control_id": control_id, "kind": kind.value}) if as_json else done)
