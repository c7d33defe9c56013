"""A command line -> a process in a group of its own, with its output in a file, that is stopped with all its children."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

KILL_S = 5.0
_LINES = 3


class Child:
    """A process that the demo started.

    Attributes:
        name: what people call it.
        log: where its output goes.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, name: str, arguments: Sequence[str], *, log: Path, env: Mapping[str, str]) -> "Child":
        """Start it; Ctrl-C in the terminal does not reach it, so that the demo stops everything in order.

        Where the system can (Linux), it is told to end when whoever started it is killed.
        """
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *guard,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(env),
                start_new_session=True,
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself, or was stopped."""
        return self._process.returncode is not None

    def last_words(self) -> str:
        """How it ended, and the end of its output, for a person."""
        lines = self.log.read_text(errors="replace").splitlines()[-_LINES:]
        return " / ".join([f"{self.name} ended with code {self._process.returncode}", *(line.strip() for line in lines)])

    async def stop(self, *, within_s: float) -> None:
        """Ask its group to end, and end it when it has not after `within_s`."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), within_s)
        self._signal(signal.SIGKILL)
        await asyncio.wait_for(self._process.wait(), KILL_S)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
