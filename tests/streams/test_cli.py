import errno
import importlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from streams import __main__ as program
from streams.cli import COMMANDS, cli
from streams.errors import InputError, TidegateError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], int]:
    def run(error: BaseException) -> int:
        def fail(**_: object) -> None:
            raise error

        monkeypatch.setattr(cli, "main", fail)
        return program.run([])

    return run


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("a.jsonl is no recording"), "tidegate: a.jsonl is no recording\n"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a.jsonl"), "tidegate: a.jsonl: No such file or directory\n"),
        (click.FileError("a.jsonl", "is a folder"), "tidegate: Could not open file 'a.jsonl': is a folder\n"),
    ],
    ids=["of ours", "of the system", "of click"],
)
def test_what_a_person_can_put_right_is_one_line(
    failing: Callable[[BaseException], int], capsys: pytest.CaptureFixture[str], error: Exception, line: str
) -> None:
    assert failing(error) == 2
    assert capsys.readouterr().err == line


def test_a_fault_of_ours_keeps_its_traceback(failing: Callable[[BaseException], int]) -> None:
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError())


def test_interrupting_is_quiet(failing: Callable[[BaseException], int], capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == ""


def test_wrong_words_say_where_help_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.run(["nonsense"]) == 2
    assert capsys.readouterr().err == "tidegate: No such command 'nonsense' (see `tidegate --help`)\n"


def test_the_number_that_a_command_gives_is_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "main", lambda **_: 3)
    assert program.run([]) == 3


def test_every_command_of_the_list_is_in_help_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.run(["--help"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.split("Commands:")[-1].splitlines()]
    assert {words[0] for words in lines if len(words) > 2} >= set(COMMANDS)


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'scipy', 'faust', 'aiokafka', 'pydantic', 'fastapi', 'aiohttp', 'pyarrow', 'river', 'rich', 'genai_prices'}"
    code = f"from streams.__main__ import run; import sys; run(['--help']); print(sorted({heavy} & set(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[-1] == "[]"


def test_all_errors_of_ours_are_drawn_in_the_tree() -> None:
    for module in ("actions.policy", "streams.client"):
        importlib.import_module(module)
    tree = importlib.import_module("streams.errors").__doc__ or ""
    assert [error.__name__ for error in TidegateError.__subclasses__() if error.__name__ not in tree] == []


def test_a_policy_that_cannot_be_used_is_said_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policy.yaml").write_text("version: 1\nmode: loud\n")
    assert program.run(["replay", "x.jsonl", "--policy", str(tmp_path / "policy.yaml")]) == 2
    assert re.fullmatch(r"tidegate: \S+/policy.yaml:2: mode: .*\n", capsys.readouterr().err)


def test_a_thread_that_does_not_end_keeps_no_process_alive():
    program = (
        "import threading, streams.__main__ as m\n"
        "m.run = lambda: threading.Thread(target=threading.Event().wait).start() or 3\n"
        "m.main()\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 3
