"""The environment and the address of the listener -> who may do what over HTTP."""

from collections.abc import Iterator, Mapping

from actions.api.auth import Auth, Role, Token
from actions.secret import SecretMissingError, read_secret
from streams.errors import WrongUseError
from streams.settings import Address

VARIABLES = {Role.VIEW: "TIDEGATE_VIEW_TOKEN", Role.OPERATE: "TIDEGATE_OPERATE_TOKEN", Role.OVERRIDE: "TIDEGATE_OVERRIDE_TOKEN"}
"""Each holds a token; with `_FILE` appended, the name of a file that does."""


def auth_of(address: Address, environ: Mapping[str, str]) -> Auth:
    """Reading is open on loopback alone; changing always needs a token.

    Raises:
        WrongUseError: when a token is too short or its file cannot be read.
    """
    try:
        return Auth(list(_tokens(environ)), open_reads=address.loopback)
    except (SecretMissingError, ValueError) as error:
        raise WrongUseError(str(error)) from error


def _tokens(environ: Mapping[str, str]) -> Iterator[Token]:
    for role, variable in VARIABLES.items():
        if variable in environ:
            yield Token(name=role.value, role=role, secret=read_secret(env=variable, environ=environ))
        elif f"{variable}_FILE" in environ:
            yield Token(name=role.value, role=role, secret=read_secret(file=environ[f"{variable}_FILE"], environ=environ))
