import json
from pathlib import Path

from click.testing import CliRunner, Result

from streams.commands.check import command

EXAMPLE = Path(__file__).parents[2] / "deploy" / "policies" / "page-only.yaml"


def check(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])


def test_a_good_policy_is_told_in_a_line_and_exits_0():
    answer = check(EXAMPLE)
    assert answer.exit_code == 0
    assert "good; policy " in answer.output
    assert "mode page, 1 budgets, 2 receivers, 3 routes, 0 remedies" in answer.output


def test_a_bad_policy_is_told_with_file_line_and_key_and_exits_1(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("version: 1\nmode: kill\nsafety: {stale: 2}\n")
    answer = check(path)
    assert answer.exit_code == 1
    assert answer.output.splitlines() == [
        f"{path}:2: mode: input should be 'observe', 'shadow', 'page', 'approve' or 'act'",
        f"{path}:3: safety.stale: should be a duration such as 90s, 15m or 1h",
    ]


def test_programs_get_json(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("version: 3\n")
    assert json.loads(check(path, "--json").output)["errors"] == [f"{path}:1: version: input should be 1"]
    assert json.loads(check(EXAMPLE, "--json").output)["mode"] == "page"


def test_the_schema_needs_no_file():
    answer = check("--schema")
    assert (answer.exit_code, json.loads(answer.output)["title"]) == (0, "Tidegate policy")


def test_wrong_use_exits_2(tmp_path):
    assert check().exit_code == 2
    assert check(tmp_path / "none.yaml").exit_code == 2
