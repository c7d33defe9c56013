"""The text of a YAML file -> plain values, and the line of every key; exact, without aliases, nothing twice, nothing blank."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from actions.errors import TidegateError

MAX_BYTES = 1 << 20
MAX_DEPTH = 20

Path = tuple[str | int, ...]
"""Where a value stands: keys and list indices from the top."""

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_REAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
_FLAGS = {"true": True, "false": False}
_BLANK = frozenset({"", "~", "null", "Null", "NULL"})


class PolicyError(TidegateError):
    """A policy that cannot be used.

    Attributes:
        lines: what is wrong, one `file:line: key: message` each.
    """

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(slots=True)
class Source:
    """What was read of one or more files.

    Attributes:
        values: the top-level mapping.
        places: path of a value -> `file:line` of its key; () is the file itself.
        complaints: (`file:line`, dotted key, message) of what could not be read.
    """

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def place(self, path: Path) -> str:
        """`file:line` of the value at `path`, or of the nearest one around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, "policy:1")

    def complain(self, path: Path, message: str, place: str | None = None) -> None:
        """Remember that the value at `path` is wrong."""
        key = dotted(path)
        self.complaints.append(
            f"{place or self.place(path)}: {key}: {message}" if key else f"{place or self.place(path)}: {message}"
        )


def dotted(path: Path) -> str:
    """The text form of a path.

    >>> dotted(("receivers", 0, "url"))
    'receivers[0].url'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def read_text(text: bytes, *, name: str) -> Source:
    """Read one file. What cannot be read is in `complaints`; nothing is raised.

    Args:
        text: the bytes of the file.
        name: how the file is called in messages.
    """
    source = Source(places={(): f"{name}:1"})
    if len(text) > MAX_BYTES:
        source.complain((), f"the file has {len(text)} bytes; at most {MAX_BYTES} are read")
        return source
    try:
        _compose(text.decode(), name, source)
    except UnicodeDecodeError:
        source.complain((), "the file is not UTF-8")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else 1
        source.complain((), getattr(error, "problem", None) or "is not YAML", f"{name}:{line}")
    except RecursionError:
        source.complain((), "the file is nested too deeply")
    return source


def _compose(text: str, name: str, source: Source) -> None:
    loader = _Exact(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    if not isinstance(node, yaml.MappingNode):
        source.complain((), "should be a mapping of keys such as `version: 1`")
        return
    source.values = _Reader(name, source).value(node, ())


class _Exact(yaml.SafeLoader):
    """Composes nodes only, and refuses anchors where it meets them: an alias can grow without end."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it open
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not used in policies", event.start_mark)
        return super().compose_node(parent, index)


class _Reader:
    """Turns the nodes of one file into values, and notes where they stand."""

    def __init__(self, name: str, source: Source) -> None:
        self._name = name
        self._source = source

    def value(self, node: yaml.Node, path: Path) -> Any:
        """The value of a node; None where it could not be read."""
        self._source.places.setdefault(path, self._at(node))
        if len(path) > MAX_DEPTH:
            self._source.complain(path[:2], "is nested too deeply", self._at(node))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*path, i)) for i, each in enumerate(node.value)]
        return self._scalar(node, path)

    def _at(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}"

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                self._source.complain(path, "a key should be plain text", self._at(key_node))
                continue
            key = key_node.value
            place = (*path, key)
            if key in values:
                self._source.complain(place, f"stands here again; first at {self._source.place(place)}", self._at(key_node))
                continue
            self._source.places[place] = self._at(key_node)
            values[key] = self.value(value_node, place)
        return values

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        text = str(node.value)
        if node.tag not in _TAGS:
            self._source.complain(path, f"has the tag {node.tag!r}; policies use none", self._at(node))
            return None
        if getattr(node, "style", None):
            return text
        if text in _BLANK:
            self._source.complain(path, "is blank; leave the key out or give it a value", self._at(node))
            return None
        return _plain(text)


_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "value")}


def _plain(text: str) -> Any:
    """Unquoted text as YAML 1.2 means it; numbers exactly, so that 0.1 is a tenth."""
    if text in _FLAGS:
        return _FLAGS[text]
    if _WHOLE.fullmatch(text) and len(text) <= 20:
        return int(text)
    return Decimal(text) if _REAL.fullmatch(text) else text
