"""`tidegate status`: how a running service is."""

import json
import os
from typing import Any

import click

from streams.options import service_options


@click.command()
@service_options
def command(url: str | None, token_env: str, *, as_json: bool) -> None:
    """Show mode, lag, freeze, open incidents, throttles and budgets of a running service."""
    from streams.client import DEFAULT_URL, Client  # noqa: PLC0415 (heavy imports are for those who run it)

    client = Client(url or DEFAULT_URL, os.environ.get(token_env))
    answer = {
        **client.get("status"),
        "incidents_open": len(client.get("incidents?open=true")),
        "throttles": client.get("throttles"),
        "budgets": client.get("budgets"),
    }
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _print(answer)


def _print(answer: dict[str, Any]) -> None:
    from streams.tables import figures, table, wide_console  # noqa: PLC0415

    console = wide_console()
    throttles, budgets = answer.pop("throttles"), answer.pop("budgets")
    waiting = answer.pop("waiting", {})
    rows = {**answer, "waiting": ", ".join(f"{count} {name}" for name, count in waiting.items()) or "nothing"}
    rows["frozen"], rows["blind"] = answer["frozen"] or "no", answer["blind"] or "no"
    console.print(figures(rows))
    if throttles:
        console.print(table("throttles", throttles, ("scope", "level", "factor", "until", "decision_id")))
    if budgets:
        console.print(table("budgets", budgets, ("name", "scope", "period", "period_start", "spent_usd", "amount_usd")))
