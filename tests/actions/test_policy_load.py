from decimal import Decimal
from pathlib import Path

import pytest

from actions.policy import DEFAULT_POLICY, Mode, PolicyError, load_policy, policy_of

BAD = Path(__file__).parent / "policies"
EXAMPLES = Path(__file__).parents[2] / "deploy" / "policies"


def complaint(path: Path) -> str:
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    return "\n".join(caught.value.lines).replace(f"{path}", path.name)


@pytest.mark.parametrize("path", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem.replace("_", " "))
def test_a_bad_policy_is_refused_with_file_line_and_key(path):
    expected = path.read_text().splitlines()[0].removeprefix("# ")
    assert complaint(path) == expected


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_a_good_policy(path):
    assert load_policy(path).version == 1


def test_money_is_exact():
    policy = policy_of({"version": 1, "budgets": [{"name": "a", "scope": {}, "amount_usd": "1000.10", "period": "day"}]})
    assert policy.budgets[0].amount_usd == Decimal("1000.1")


def test_a_binary_float_is_no_money():
    with pytest.raises(PolicyError, match="should be a decimal number"):
        policy_of({"version": 1, "safety": {"money_floor_usd": 0.1}})


def test_the_built_in_policy_is_shadow_and_tells_nobody():
    assert (DEFAULT_POLICY.mode, DEFAULT_POLICY.routes, DEFAULT_POLICY.remedies) == (Mode.SHADOW, (), {})


def test_a_folder_is_one_policy(tmp_path):
    (tmp_path / "1.yaml").write_text("version: 1\nmode: page\n")
    (tmp_path / "2.yml").write_text("budgets: [{name: a, scope: {}, amount_usd: 5, period: day}]\n")
    (tmp_path / "notes.txt").write_text("not: [read")
    policy = load_policy(tmp_path)
    assert (policy.mode, policy.budgets[0].name) == (Mode.PAGE, "a")


def test_a_key_in_two_files_of_a_folder_is_refused_with_both_places(tmp_path):
    (tmp_path / "1.yaml").write_text("version: 1\nmode: page\n")
    (tmp_path / "2.yaml").write_text("# act\nmode: act\n")
    assert complaint(tmp_path) == f"{tmp_path.name}/2.yaml:2: mode: stands here again; first at {tmp_path.name}/1.yaml:2"


def test_an_empty_folder_is_no_policy(tmp_path):
    assert "has 1 to 100 files" in complaint(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("version: 1\n#" + "x" * (1 << 20))
    assert "at most 1048576 are read" in complaint(path)


def test_a_file_that_is_not_there_is_a_complaint(tmp_path):
    assert complaint(tmp_path / "none.yaml") == "none.yaml:1: cannot be read: No such file or directory"


def test_a_file_that_is_not_utf8_is_a_complaint(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"version: 1\nmode: \xe4\n")
    assert complaint(path) == "latin.yaml:1: the file is not UTF-8"


def test_deep_nesting_ends_in_a_complaint(tmp_path):
    path = tmp_path / "deep.yaml"
    path.write_text("version: " + "[" * 5000)
    assert "deep.yaml:1" in complaint(path)


def test_the_version_of_a_policy_does_not_depend_on_how_it_is_written():
    one = policy_of({"version": 1, "mode": "act", "safety": {"money_floor_usd": "2.50", "calm": "10m"}})
    other = policy_of({"safety": {"calm": "600s", "money_floor_usd": Decimal("2.5")}, "mode": "act", "version": 1})
    assert one.digest == other.digest
    assert len(one.digest) == 12


def test_the_version_of_a_policy_changes_with_every_part():
    changed = [{"mode": "act"}, {"warm_up": {"operations": 51}}, {"detectors": {"retry_storm": {"min_attempts": 31}}}]
    digests = {policy_of({"version": 1, **each}).digest for each in changed} | {DEFAULT_POLICY.digest}
    assert len(digests) == 4


def test_scopes_are_written_as_text_or_as_mapping():
    text = policy_of({"version": 1, "safety": {"protected": ["env=prod,team=search"]}})
    mapping = policy_of({"version": 1, "safety": {"protected": [{"team": "search", "env": "prod"}]}})
    assert text.safety == mapping.safety
