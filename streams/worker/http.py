"""An ASGI application and an address -> a server inside the worker that leaves signals to it."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from streams.errors import WrongUseError
from streams.settings import Address

SHUTDOWN_S = 2


class _Server(uvicorn.Server):
    """uvicorn would take SIGTERM for itself and leave the rest of the worker running."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Listens from construction on, so that a port that is taken is known before anything else is started."""

    def __init__(self, address: Address) -> None:
        """Listen.

        Raises:
            WrongUseError: when the address cannot be had.
        """
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        try:
            self._socket = socket.create_server((address.host, address.port), family=family, backlog=128)
        except OSError as error:
            raise WrongUseError(f"--http: cannot listen on {address}: {error.strerror}") from error
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """The port that was got, where 0 was asked for."""
        port: int = self._socket.getsockname()[1]
        return port

    async def run(self, app: Any) -> None:
        """Serve until `stop`."""
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=SHUTDOWN_S, server_header=False
        )
        self._server = _Server(config)
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Take no more requests; those under way have 2 s."""
        if self._server is not None:
            self._server.should_exit = True
        else:
            self._socket.close()
