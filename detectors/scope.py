"""Whom a sum belongs to: dimensions and values -> scope, and its one text form."""

from collections.abc import Mapping
from urllib.parse import quote, unquote

Rollup = tuple[str, ...]
"""Sorted names of dimensions; `()` is the global roll-up."""

Scope = tuple[tuple[str, str], ...]
"""(dimension, value) pairs sorted by dimension; `()` is global."""

GLOBAL: Scope = ()
OTHER = "other"
"""The value of every dimension of a roll-up's exact overflow scope."""


def scope_of(values: Mapping[str, str]) -> Scope:
    """The scope of a mapping of dimension to value.

    >>> scope_of({"team": "search", "env": "prod"})
    (('env', 'prod'), ('team', 'search'))
    """
    return tuple(sorted(values.items()))


def rollup_of(scope: Scope) -> Rollup:
    """The roll-up that a scope is a member of.

    >>> rollup_of((("env", "prod"), ("team", "search")))
    ('env', 'team')
    """
    return tuple(dimension for dimension, _ in scope)


def scope_text(scope: Scope) -> str:
    """`dim=value,...`, sorted, values percent-encoded; `global` when empty.

    >>> scope_text((("env", "prod"), ("team", "R&D, core")))
    'env=prod,team=R%26D%2C%20core'
    >>> scope_text(())
    'global'
    """
    return ",".join(f"{dimension}={quote(value, safe='')}" for dimension, value in scope) or "global"


def parse_scope(text: str) -> Scope:
    """The scope that `scope_text` wrote.

    Raises:
        ValueError: when a part is not `dim=value` or a dimension comes twice.

    >>> parse_scope("env=prod,team=R%26D%2C%20core")
    (('env', 'prod'), ('team', 'R&D, core'))
    >>> parse_scope("global")
    ()
    """
    if text == "global":
        return GLOBAL
    values: dict[str, str] = {}
    for part in text.split(","):
        dimension, equals, value = part.partition("=")
        if not equals or not dimension or not value:
            raise ValueError(f"scope {text!r}: {part!r} is not dim=value")
        if dimension in values:
            raise ValueError(f"scope {text!r}: {dimension} comes twice")
        values[dimension] = unquote(value)
    return scope_of(values)
