"""A path of the HTTP API -> its answer, for the commands that talk to a running worker."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from streams.errors import TidegateError, WrongUseError

DEFAULT_URL = "http://127.0.0.1:8085"
TIMEOUT_S = 10.0
LARGEST_BYTES = 64 * 1024 * 1024


class ServiceError(TidegateError):
    """The worker does not answer, or refuses."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes where it was meant to go, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """The API of one worker.

    Args:
        url: Where it listens.
        token: What proves who asks; None reads from a listener on loopback.
    """

    def __init__(self, url: str = DEFAULT_URL, token: str | None = None) -> None:
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise WrongUseError(f"--url: {url!r} is no http address")
        self._url = url.rstrip("/")
        self._token = token
        self._opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))

    def get(self, path: str) -> Any:
        """The JSON of a path below `/api/v1/`.

        Raises:
            ServiceError: when there is no good answer; the message is for a person.
        """
        return self._call("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Likewise, with a JSON body."""
        return self._call("POST", path, json.dumps(body).encode())

    def _call(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(f"{self._url}/api/v1/{path}", data=body, headers=headers, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return json.loads(answer.read(LARGEST_BYTES))
        except urllib.error.HTTPError as error:
            raise ServiceError(f"{self._url} refuses: {_said(error)}") from error
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            raise ServiceError(f"{self._url} does not answer: is `tidegate run` there, with --http?") from error
        except ValueError as error:
            raise ServiceError(f"{self._url} gives no answer of Tidegate") from error


def _said(error: urllib.error.HTTPError) -> str:
    if error.code == 401:
        return "a token is needed (TIDEGATE_TOKEN)"
    try:
        said = json.loads(error.read(4096)).get("detail", "")
    except ValueError:
        said = ""
    return f"{error.code} {said or error.reason}"
