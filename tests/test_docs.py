"""What the documents say is there is there."""

import re
import shlex
from pathlib import Path
from types import ModuleType

import click
import pytest

import streams
import streams.log
import streams.worker
from streams import metrics
from streams.cli import COMMANDS, cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])

documents = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@documents
def test_links_to_files_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


@documents
def test_the_verbs_of_make_that_are_named_exist(path: Path) -> None:
    verbs = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)`", path.read_text())) <= verbs


@documents
def test_the_commands_that_are_named_exist(path: Path) -> None:
    named = set(re.findall(r"(?:^|`|/)tidegate ([a-z]+)", path.read_text(), re.MULTILINE))
    assert named <= COMMANDS.keys()


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_readme_names_the_two_commands_that_a_stranger_needs() -> None:
    text = (ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text


def test_the_rules_for_prometheus_ask_for_metrics_that_exist() -> None:
    declared = {value.name for value in vars(metrics).values() if isinstance(value, metrics.Declared)}
    asked = set(re.findall(r"\btidegate_[a-z_]+", (ROOT / "deploy" / "prometheus" / "rules.yml").read_text()))
    assert asked <= declared


def test_the_commands_of_the_readme_are_understood() -> None:
    lines = re.findall(r"^\.venv/bin/tidegate (.+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert lines
    for line in lines:
        name, *arguments = shlex.split(line)
        command = cli.get_command(click.Context(cli), name)
        assert command
        known = {option for parameter in command.params for option in parameter.opts}
        assert {argument for argument in arguments if argument.startswith("--")} <= known


@pytest.mark.parametrize("package", [streams, streams.log, streams.worker], ids=lambda package: package.__name__)
def test_the_map_of_a_package_names_every_file_and_no_other(package: ModuleType) -> None:
    lines = re.findall(r"^([a-z][a-z_/, ]*?)(?:  +\S|$)", (package.__doc__ or "").partition("\n")[2], re.MULTILINE)
    named = {name.strip(",/") for line in lines for name in line.split()}
    folder = Path(package.__path__[0])
    there = {path.stem for path in folder.iterdir() if path.suffix in (".py", ".pyx") or (path / "__init__.py").exists()}
    assert named == {name for name in there if not name.startswith("__")}
