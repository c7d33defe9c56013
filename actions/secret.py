"""The name of an environment variable or a file -> a secret that shows itself to nobody by accident."""

import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

LARGEST_BYTES = 4096
"""No key is longer; what is longer is the wrong file."""


class SecretMissingError(Exception):
    """A secret that the policy names is not there. The message names where it was looked for, never what was found."""


class Secret:
    """Text that repr, str, format, logs and tracebacks show as `***`; only `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; for the call that needs it, at the moment that it does."""
        return self._text

    def matches(self, other: str) -> bool:
        """Equality in constant time."""
        return hmac.compare_digest(self._text.encode(), other.encode())

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def read_secret(*, env: str | None = None, file: str | None = None, environ: Mapping[str, str]) -> Secret:
    """The secret that a variable holds, or a file, without the white space around it.

    Raises:
        SecretMissingError: when neither is named, or what is named is absent, empty, unreadable or too long.
    """
    if env is not None:
        text = environ.get(env, "")
        where = f"environment variable {env}"
    elif file is not None:
        text = _read(Path(file))
        where = f"file {file}"
    else:
        raise SecretMissingError("no variable and no file is named")
    if not text.strip() or len(text) > LARGEST_BYTES:
        raise SecretMissingError(f"{where} is {'too long' if text.strip() else 'empty or not set'}")
    return Secret(text.strip())


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretMissingError(f"file {path} cannot be read: {type(error).__name__}") from None
