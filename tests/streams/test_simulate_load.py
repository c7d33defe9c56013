from pathlib import Path

import pytest

from streams.simulate.load import ScenarioError, load_scenario, scenario_of

EXAMPLES = sorted((Path(__file__).parents[2] / "deploy" / "scenarios").glob("*.yaml"))


def complaint(tmp_path, text):
    file = tmp_path / "s.yaml"
    file.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    return str(caught.value).replace(str(tmp_path) + "/", "")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_scenario(path):
    assert load_scenario(path).tenants


def test_a_number_of_tenants_is_enough():
    assert [name for group in scenario_of({"tenants": 3}).tenants for name in group.names] == ["tenant-1", "tenant-2", "tenant-3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tenants: 3\nsped: 4\n", "s.yaml:2: sped: is not a key of scenarios"),
        ("version: 1\n", "s.yaml:1: tenants: is missing"),
        ("tenants: 3\nstart: 2026-03-02T00:00:00\n", "s.yaml:2: start: '2026-03-02T00:00:00' has no offset"),
        ("tenants: 3\nduration: 5\n", "s.yaml:2: duration: should be a duration such as 90s, 15m or 1h"),
        ("tenants:\n  - name: a\n  - name: a\n", "s.yaml:1: two tenants have the same name"),
        ("tenants:\n  - name: a\n    operations_per_s: -1\n", "s.yaml:3: tenants[0].operations_per_s: input should be"),
        ("tenants:\n  - name: a\n    routes: {nowhere: 1}\n", "s.yaml:3: tenants[0].routes.nowhere: is no route"),
        ("tenants: 3\ndelivery:\n  malformed_reasons: [ugly]\n", "s.yaml:3: delivery.malformed_reasons[0]: 'ugly' is none of "),
        ("tenants: [\n", "s.yaml:2: "),
        ("- 1\n", "s.yaml:1: should be a mapping"),
    ],
    ids=["key", "missing", "naive", "duration", "twice", "range", "route", "reason", "yaml", "list"],
)  # fmt: skip
def test_an_error_names_file_line_and_key(tmp_path, text, message):
    assert complaint(tmp_path, text).startswith(message)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("{kind: token_spik, at: 1h}", "s.yaml:3: faults[0]: "),
        ("{kind: token_spike, at: 1h}", "s.yaml:3: faults[0].factor: is missing"),
        ("{kind: token_spike, at: 1h, factor: 2, scope: {tenant: nobody}}", "s.yaml:3: faults[0].scope: strikes nobody"),
        ("{kind: token_spike, at: 1h, factor: 2, scope: {tenent: acme}}", "s.yaml:3: faults[0].scope: 'tenent' is no dimension"),
        ("{kind: token_spike, at: 5s, factor: 2}", "s.yaml:3: faults[0]: should begin and last a whole number of 10 s"),
        ("{kind: token_spike, at: 99d, factor: 2}", "s.yaml:3: faults[0].at: lies behind the end"),
        ("{kind: retry_storm, at: 1h}", "s.yaml:3: faults[0]: needs either amplification"),
        ("{kind: cost_spike, at: 1h, model: gpt-99}", "s.yaml:3: faults[0].model: 'gpt-99' is no model"),
        ("{kind: rollout, at: 1h, service: no-api, release: v2}", "s.yaml:3: faults[0].service: strikes nobody"),
        (
            "{kind: rollout, at: 1h, service: chat-api, release: v2, cost_factor: 2}",
            "s.yaml:3: faults[0]: a canary_regression needs",
        ),
    ],
    ids=["kind", "factor", "nobody", "dimension", "step", "end", "cause", "model", "service", "good"],
)
def test_a_fault_that_makes_no_sense_is_refused(tmp_path, fault, message):
    assert complaint(tmp_path, f"tenants: [{{name: acme}}]\nfaults:\n  - {fault}\n").startswith(message)


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    assert len(complaint(tmp_path, "tenants: 3\nseed: -1\nname: '*'\n").splitlines()) == 2


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ScenarioError, match=r"gone\.yaml: cannot be read: No such file"):
        load_scenario(tmp_path / "gone.yaml")
