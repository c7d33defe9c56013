"""`tidegate lift SCOPE`: take a throttle away by hand."""

import json
import os
from typing import Any

import click

from streams.errors import WrongUseError
from streams.options import kafka_options, service_options, take_kafka


@click.command()
@service_options
@kafka_options(required=False)
@click.argument("scope")
@click.option("--reason", default="", help="For those who wonder; goes to the audit.")
def command(url: str | None, token_env: str, scope: str, reason: str, *, as_json: bool, **options: Any) -> None:
    """Lift the throttle of SCOPE, as `tenant=acme`, and of all within it, with the window that is open now.

    The same incident does not bring it back. Within about 20 s the quota is gone; `tidegate status` shows it.
    """
    from actions.control import ControlKind  # noqa: PLC0415 (heavy imports are for those who run it)
    from detectors.scope import parse_scope, scope_text  # noqa: PLC0415
    from streams.ask import ask  # noqa: PLC0415

    try:
        text = scope_text(parse_scope(scope))
    except ValueError as error:
        raise WrongUseError(str(error)) from error
    kafka = take_kafka(options, dict(os.environ))
    params = {"reason": reason, "scope": text}
    control_id = ask(ControlKind.LIFT, params, url=url, token=os.environ.get(token_env), kafka=kafka)
    answer = {"control_id": control_id, "kind": "lift", "scope": text}
    click.echo(json.dumps(answer) if as_json else f"asked to lift {text}; the audit has it as {control_id}")
