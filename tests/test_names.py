"""Words and sizes that the style of the project asks for, and that no linter checks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = {str(path.relative_to(ROOT)): path for top in ("streams", "detectors", "actions") for path in (ROOT / top).rglob("*.py")}
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "handler", "processor"}
SYNONYMS = re.compile(r"(^|_)(alert|finding)s?(_|$)", re.IGNORECASE)
THEIR_WORDS = re.compile("pagerduty|alertmanager|streams/demo/")  # what is sent to a pager is called an alert there
LINES, LINES_OF_A_FUNCTION = 300, 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function]]:
    for name, path in SOURCES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield f"{name}:{node.lineno} {node.name}", node


def length(function: Function) -> int:
    text = ast.get_docstring(function, clean=False)
    return (function.end_lineno or 0) - function.lineno + 1 - (text.count("\n") + 1 if text else 0)


def test_modules_are_named_after_what_they_hold() -> None:
    assert [name for name, path in SOURCES.items() if EMPTY_WORDS & set(path.stem.split("_"))] == []


def test_modules_are_short_enough_to_be_read_at_once() -> None:
    assert {name: lines for name, path in SOURCES.items() if (lines := len(path.read_text().splitlines())) > LINES} == {}


def test_functions_are_short() -> None:
    assert {name: length(function) for name, function in functions() if length(function) > LINES_OF_A_FUNCTION} == {}


def test_nothing_is_called_by_a_synonym_of_anomaly() -> None:
    assert [name for name, function in functions() if SYNONYMS.search(function.name) and not THEIR_WORDS.search(name)] == []


def test_modules_say_what_comes_in_and_what_goes_out() -> None:
    texts = {name: path.read_text() for name, path in SOURCES.items()}
    assert [name for name, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))] == []
