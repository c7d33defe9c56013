"""Arguments -> exit code: what a person can put right is one line on stderr, never a traceback."""

import os
import sys
import threading
from typing import NoReturn

import click

from streams.allocation import give_back
from streams.cli import cli
from streams.errors import TidegateError

WRONG_USE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
LINGER_S = 3.0
"""How long threads may take to end once all is done."""


def run(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit code; `arguments` default to those of the process."""
    try:
        answer = cli.main(args=arguments, prog_name="tidegate", standalone_mode=False)
    except (click.ClickException, TidegateError, OSError) as error:
        return explain(error)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    return answer if isinstance(answer, int) else 0


def explain(error: Exception) -> int:
    """Say in one line what is wrong, and give the exit code; an error that nobody outside can put right is raised again."""
    if isinstance(error, BrokenPipeError):  # the reader has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    if isinstance(error, OSError) and error.filename is None:
        raise error
    click.echo(f"tidegate: {message_of(error)}", err=True)
    return WRONG_USE


def message_of(error: Exception) -> str:
    """The text of an error for a person, with the way to more help where the words of the command were wrong."""
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "tidegate"
        return f"{error.format_message().rstrip('.')} (see `{command} --help`)"
    return error.format_message() if isinstance(error, click.ClickException) else str(error)


def main() -> NoReturn:
    """The entry point of the `tidegate` program."""
    give_back()
    code = run()
    leave_soon(code)
    sys.exit(code)


def leave_soon(code: int) -> None:
    """End the process although a thread does not: a Faust consumer that is stopped within a rebalance leaves one behind."""
    leave = threading.Timer(LINGER_S, os._exit, [code])
    leave.daemon = True
    leave.start()


if __name__ == "__main__":
    main()
