"""`tidegate incidents`: what has been found, newest first."""

import json
import os

import click

from streams.options import service_options


@click.command()
@service_options
@click.option("--open", "only_open", is_flag=True, help="Only those that are not resolved.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def command(url: str | None, token_env: str, *, only_open: bool, limit: int, as_json: bool) -> None:
    """List incidents; `tidegate why ID` explains one."""
    from streams.client import DEFAULT_URL, Client  # noqa: PLC0415 (heavy imports are for those who run it)

    client = Client(url or DEFAULT_URL, os.environ.get(token_env))
    found = client.get(f"incidents?limit={limit}&open={'true' if only_open else 'false'}")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    from streams.tables import table, wide_console  # noqa: PLC0415

    columns = ("opened", "severity", "title", "cost_usd", "paged", "resolved", "id")
    if found:
        wide_console().print(table("", found, columns))
    else:
        click.echo("no incidents")
