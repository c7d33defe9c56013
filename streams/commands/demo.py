"""`tidegate demo`: an embedded broker, simulated traffic that goes wrong, and the real service that finds and mends it."""

from pathlib import Path

import click


@click.command()
@click.option("--once", is_flag=True, help="Play the script once, within 5 minutes, and give a verdict.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed is other traffic.")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Keep the stream, the policy and the logs."
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON; progress goes to stderr.")
def command(seed: int, keep: Path | None, *, once: bool, as_json: bool) -> int:
    """Watch Tidegate find a token spike, a retry storm, a budget burn and a bad canary, act, and let go again.

    Needs no Docker, no Java and no network: all servers listen on 127.0.0.1 and are stopped in the end. Without --once the script
    is repeated until Ctrl-C. Exit code 1 when a scripted incident was not found, not acted upon, or not lifted.
    """
    import asyncio  # noqa: PLC0415 (heavy imports are for those who run it)
    import json  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from streams.demo.run import Demo, Options  # noqa: PLC0415
    from streams.demo.screen import screen  # noqa: PLC0415

    console = Console(stderr=as_json)
    with screen(console) as shown:
        demo = Demo(Options(once=once, seed=seed, keep=keep), shown)
        code = asyncio.run(demo.run())
    if as_json:
        click.echo(json.dumps(demo.report.plain(), ensure_ascii=False))
    else:
        for line in demo.report.words():
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    return code
