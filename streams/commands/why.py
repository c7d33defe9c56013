"""`tidegate why ID`: an incident, anomaly or decision -> what was found, what was decided and what became of it."""

import json
import os
from typing import TYPE_CHECKING, Any

import click

from streams.errors import WrongUseError
from streams.options import service_options

if TYPE_CHECKING:
    from streams.client import Client


@click.command()
@service_options
@click.argument("id", metavar="ID")
def command(url: str | None, token_env: str, id: str, *, as_json: bool) -> None:  # noqa: A002 (its name on the command line)
    """Explain an incident, or the incident of an anomaly or decision. The beginning of an ID is enough if it is the only one."""
    from streams.client import DEFAULT_URL, Client  # noqa: PLC0415 (heavy imports are for those who run it)

    story = explain(Client(url or DEFAULT_URL, os.environ.get(token_env)), id)
    if as_json:
        click.echo(json.dumps(story, ensure_ascii=False))
    else:
        _print(story)


def explain(client: "Client", start: str) -> dict[str, Any]:
    """The incident with its anomalies and decisions.

    Raises:
        WrongUseError: when the id is nobody's, or of several.
    """
    incidents, anomalies = client.get("incidents?limit=10000"), client.get("anomalies?limit=10000")
    decisions = client.get("decisions?limit=10000")
    owners = {each["id"]: each for each in incidents}
    named = dict(owners)
    for each in incidents:
        named |= dict.fromkeys(each["anomaly_ids"], each)
    named |= {each["id"]: owners[each["incident_id"]] for each in decisions if each["incident_id"] in owners}
    found = {incident["id"]: incident for id_, incident in named.items() if id_.startswith(start)}
    if len(found) != 1:
        raise WrongUseError(f"{start!r} is the id of {'nothing known' if not found else f'{len(found)} incidents'}")
    incident = next(iter(found.values()))
    return {
        "incident": incident,
        "anomalies": [each for each in reversed(anomalies) if each["id"] in incident["anomaly_ids"]],
        "decisions": [each for each in reversed(decisions) if each["incident_id"] == incident["id"]],
    }


def _print(story: dict[str, Any]) -> None:
    from streams.tables import cell, figures, table, wide_console  # noqa: PLC0415

    console, incident = wide_console(), story["incident"]
    console.print(cell(incident["title"]), style="bold")
    console.print(figures({key: incident[key] for key in ("id", "severity", "scope", "opened", "resolved", "paged", "cost_usd")}))
    for each in story["anomalies"]:
        console.print()
        console.print(cell(f"{each['detector']} ({each['severity']}): {each['reason']}"))
        shown = {key: each[key] for key in ("window_start", "window_end", "observed", "expected", "unit", "score", "cost_usd")}
        console.print(figures({**shown, **{f"evidence.{key}": value for key, value in each["evidence"].items()}}))
    rows = [{**each, **_became(each["receipt"])} for each in story["decisions"]]
    if rows:
        console.print()
        console.print(table("decisions", rows, ("ts", "action", "target", "reason", "became", "because")))


def _became(receipt: dict[str, Any] | None) -> dict[str, str]:
    if receipt is None:
        return {"became": "waits", "because": ""}
    return {"became": receipt["outcome"], "because": receipt["reason"] or receipt["detail"]}
