"""`tidegate check`: a policy file or folder -> whether it can be used, and what is wrong with it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from actions.policy import Policy


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--schema", is_flag=True, help="Print the JSON Schema of policies, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_context
def command(ctx: click.Context, file: Path | None, *, schema: bool, as_json: bool) -> None:
    """Check the policy in FILE, one YAML file or a folder of them.

    Exit code 0: it can be used. 1: it cannot; each line names file, line and key.
    """
    if schema:
        from actions.policy.schema import schema_text  # noqa: PLC0415 (heavy imports are for those who run it)

        click.echo(schema_text())
        return
    if file is None:
        raise click.UsageError("say which FILE to check", ctx)
    answer = _answer(file)
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else _words(answer))
    if answer["errors"]:
        ctx.exit(1)


def _answer(file: Path) -> dict[str, Any]:
    from actions.policy import PolicyError, load_policy  # noqa: PLC0415

    try:
        return {"file": str(file), "errors": [], **_summary(load_policy(file))}
    except PolicyError as error:
        return {"file": str(file), "errors": error.lines}


def _summary(policy: "Policy") -> dict[str, Any]:
    from actions.policy.semantics import notes  # noqa: PLC0415

    return {
        "policy_version": policy.digest,
        "mode": policy.mode.value,
        "budgets": len(policy.budgets),
        "receivers": len(policy.receivers),
        "routes": len(policy.routes),
        "remedies": sum(len(each) for each in policy.remedies.values()),
        "notes": list(notes(policy)),
    }


def _words(answer: dict[str, Any]) -> str:
    if answer["errors"]:
        return "\n".join(answer["errors"])
    counts = ", ".join(f"{answer[key]} {key}" for key in ("budgets", "receivers", "routes", "remedies"))
    said = f"{answer['file']}: good; policy {answer['policy_version']}, mode {answer['mode']}, {counts}"
    return "\n".join([said, *(f"note: {each}" for each in answer["notes"])])
