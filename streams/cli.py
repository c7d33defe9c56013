"""Command line -> the command that it names. Commands are loaded when they are asked for, so that `--help` is quick."""

import importlib

import click

COMMANDS = {
    "demo": "streams.commands.demo",
    "run": "streams.commands.run",
    "replay": "streams.commands.replay",
    "record": "streams.commands.record",
    "simulate": "streams.commands.simulate",
    "status": "streams.commands.status",
    "incidents": "streams.commands.incidents",
    "why": "streams.commands.why",
    "check": "streams.commands.check",
    "audit": "streams.commands.audit",
    "freeze": "streams.commands.freeze",
    "lift": "streams.commands.lift",
}
"""Name to module, in the order in which a newcomer meets them; each module exposes `command`."""


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own, imported when first needed."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Names in the order of `COMMANDS`, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, or None when there is none."""
        module = COMMANDS.get(name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command


def print_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:  # noqa: FBT001 (click's signature)
    """Print name and version, and stop."""
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 (only this option pays for it)

        click.echo(f"tidegate {version('tidegate')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version, help="Print the version and stop."
)
def cli() -> None:
    """Watch what AI services cost while requests are still being made, and act.

    Exit codes: 0 it ran, 1 the verdict is no, 2 wrong use, 3 as a flag asked.
    """
