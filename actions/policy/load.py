"""A policy file or folder -> a policy, or all that is wrong with it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from actions.policy.model import Policy
from actions.policy.reading import MAX_BYTES, PolicyError, Source, read_text
from actions.policy.reading import Path as KeyPath
from actions.policy.semantics import complaints
from actions.policy.words import DETECTOR_NAMES

MAX_FILES = 100
_SUFFIXES = {".yaml", ".yml"}


def load_policy(path: str | Path) -> Policy:
    """Read a policy from one YAML file, or from all `*.yaml` files of a folder in the order of their names.

    Raises:
        PolicyError: with a line `file:line: key: message` for each thing that is wrong.
    """
    source = _read(Path(path))
    if source.complaints:
        raise PolicyError(source.complaints)
    return _checked(source)


def policy_of(values: Mapping[str, Any]) -> Policy:
    """A policy from values as a file would hold them, checked in the same way.

    Raises:
        PolicyError: as `load_policy`.
    """
    return _checked(Source(values=dict(values), places={(): "policy:1"}))


def _checked(source: Source) -> Policy:
    try:
        policy = Policy.model_validate(source.values)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            path = _path(each["loc"], source.values)
            source.complain(path, _message(each))
        raise PolicyError(_sorted(source.complaints)) from None
    for path, message in complaints(policy):
        source.complain(path, message)
    if source.complaints:
        raise PolicyError(_sorted(source.complaints))
    return policy


def _sorted(lines: Iterable[str]) -> list[str]:
    def place(line: str) -> tuple[str, int]:
        file, number, *_ = line.split(":", 2)
        return file, int(number) if number.isdigit() else 0

    return sorted(dict.fromkeys(lines), key=place)


def _path(location: tuple[str | int, ...], values: Any) -> KeyPath:
    """The part of pydantic's location that stands in the file; it also names branches of unions."""
    path: list[str | int] = []
    for i, part in enumerate(location):
        if isinstance(values, dict) and (part in values or i == len(location) - 1):
            values = values.get(part)
        elif isinstance(values, list) and isinstance(part, int):
            values = values[part] if part < len(values) else None
        else:
            continue
        if part != "[key]":
            path.append(part)
    return tuple(path)


def _message(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "is not a key of policies"
    if error["type"] == "missing":
        return "is missing"
    if error["loc"][-1] == "[key]" and error["loc"][0] in {"detectors", "remedies"}:
        return f"there is no detector of this name; there are {', '.join(DETECTOR_NAMES)}"
    text = error["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _read(path: Path) -> Source:
    try:
        files = sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES) if path.is_dir() else [path]
        if not files or len(files) > MAX_FILES:
            raise PolicyError([f"{path}:1: a folder of policies has 1 to {MAX_FILES} files named *.yaml"])
        merged = Source(places={(): f"{files[0]}:1"})
        for file in files:
            with file.open("rb") as stream:
                _merge(merged, read_text(stream.read(MAX_BYTES + 1), name=str(file)))
    except OSError as error:
        raise PolicyError([f"{path}:1: cannot be read: {error.strerror or type(error).__name__}"]) from None
    return merged


def _merge(merged: Source, source: Source) -> None:
    merged.complaints += source.complaints
    for key, value in source.values.items():
        if key in merged.values:
            merged.complain((key,), f"stands here again; first at {merged.place((key,))}", source.place((key,)))
        else:
            merged.values[key] = value
    for path, place in source.places.items():
        merged.places.setdefault(path, place)
