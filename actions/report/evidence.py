"""JSON evidence of an anomaly -> lists and tables that a person can check."""

from typing import Any

from actions.report.figures import count
from actions.report.markup import Html, element, join, table
from detectors.scope import scope_of, scope_text

DEEPEST = 4
LONGEST = 50


def shown(value: Any, *, depth: int = 0) -> Html:
    """Any JSON value: objects as lists of names and values, lists of objects as tables, and nothing deeper than four levels."""
    if depth >= DEEPEST:
        return element("code", value)
    if isinstance(value, dict):
        return _named(value, depth)
    if isinstance(value, list | tuple):
        return _listed(list(value), depth)
    return join(_scalar(value))


def _named(value: dict[str, Any], depth: int) -> Html:
    pairs = [join(element("dt", words(key)), element("dd", _field(key, item, depth))) for key, item in value.items()]
    return element("dl", *pairs)


def _listed(value: list[Any], depth: int) -> Html:
    rows = [item for item in value[:LONGEST] if isinstance(item, dict)]
    if not rows or len(rows) < len(value[:LONGEST]):
        return join(", ".join(_scalar(item) for item in value[:LONGEST]))
    head = tuple(dict.fromkeys(key for row in rows for key in row))
    cells: list[tuple[object, ...]] = [tuple(_field(key, row[key], depth) if key in row else "" for key in head) for row in rows]
    numbers = frozenset(index for index, key in enumerate(head) if all(isinstance(row.get(key), int | float) for row in rows))
    return table(tuple(words(key) for key in head), cells, numbers=numbers)


def _field(name: str, value: Any, depth: int) -> Html:
    if name == "scope" and isinstance(value, dict):
        return element("code", scope_text(scope_of({key: str(item) for key, item in value.items()})))
    return shown(value, depth=depth + 1)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return count(value)
    return "–" if value is None else str(value)


def words(name: str) -> str:
    """A field's name as words.

    >>> words("tokens_per_operation")
    'tokens per operation'
    """
    return name.replace("_", " ")
