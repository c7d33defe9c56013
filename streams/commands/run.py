"""`tidegate run`: telemetry on Kafka -> anomalies, incidents, decisions and what is done about them, until it is stopped."""

import os
from pathlib import Path
from typing import Any

import click

from streams.options import kafka_options, take_kafka
from streams.settings import DEFAULT_HTTP, Address, Clock, Settings, roles_of


@click.command()
@kafka_options()
@click.option("--policy", type=click.Path(exists=True, path_type=Path), envvar="TIDEGATE_POLICY", help="YAML file or folder.")
@click.option(
    "--http", default=DEFAULT_HTTP, show_default=True, metavar="H:P", envvar="TIDEGATE_HTTP", help="API, console, metrics."
)
@click.option(
    "--role", default="all", show_default=True, envvar="TIDEGATE_ROLE", help="ingest, detect, act, a list of them, or all."
)
@click.option("--worker-id", envvar="TIDEGATE_WORKER_ID", help="Unique name, for static membership; a restart then joins at once.")
@click.option(
    "--clock", type=click.Choice([each.value for each in Clock]), default="wall", show_default=True, envvar="TIDEGATE_CLOCK",
    help="stream: now is the largest arrival read; for tests and backfills, with receivers on loopback only.",
)  # fmt: skip
@click.option("--until-end", is_flag=True, envvar="TIDEGATE_UNTIL_END", help="Read to the end found now, write --out, and stop.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), envvar="TIDEGATE_OUT", help="Folder for --until-end.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True,
    envvar="TIDEGATE_LOG_LEVEL",
)  # fmt: skip
def command(policy: Path | None, http: str, role: str, log_level: str, **options: Any) -> None:
    """Watch telemetry on Kafka, and act as the policy says.

    Without --policy the built-in one is used: it records, and tells and throttles nobody. On its first start it works off what is
    there, learns from it, and acts on none of it. Every option is an environment variable too: TIDEGATE_BOOTSTRAP and so on.
    """
    kafka = take_kafka(options, dict(os.environ))
    assert kafka is not None
    options["clock"] = Clock(options["clock"])
    settings = Settings(kafka=kafka, policy=policy, http=Address.parse(http, option="--http"), roles=roles_of(role), **options)
    _run(settings, log_level)


def _run(settings: Settings, log_level: str) -> None:
    from actions.policy import DEFAULT_POLICY, PolicyError, load_policy  # noqa: PLC0415 (heavy imports are for those who run it)
    from streams.allocation import pass_over_what_stays  # noqa: PLC0415
    from streams.errors import WrongUseError  # noqa: PLC0415
    from streams.logs import set_up_logs  # noqa: PLC0415
    from streams.pipeline import Plan  # noqa: PLC0415
    from streams.worker.act_role import refuse_far_receivers  # noqa: PLC0415
    from streams.worker.leaving import run_and_leave  # noqa: PLC0415
    from streams.worker.worker import Worker  # noqa: PLC0415

    try:
        policy = load_policy(settings.policy) if settings.policy else DEFAULT_POLICY
        plan = Plan.of(policy)
    except (PolicyError, ValueError) as error:
        raise WrongUseError(str(error)) from error
    refuse_far_receivers(policy, settings.clock)
    set_up_logs(log_level)
    pass_over_what_stays()
    run_and_leave(Worker(settings, plan).run())
