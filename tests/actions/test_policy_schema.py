from pathlib import Path

import jsonschema
import pytest
import yaml

from actions.policy.schema import policy_schema, schema_text

EXAMPLES = sorted((Path(__file__).parents[2] / "deploy" / "policies").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(policy_schema())
    return jsonschema.Draft202012Validator(policy_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_fits_the_schema(validator, path):
    validator.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    "policy",
    [
        {"version": 2},
        {"version": 1, "mode": "kill"},
        {"version": 1, "budget": []},
        {"version": 1, "warm_up": {"after": 60}},
        {"version": 1, "rollups": [["customer"]]},
        {"version": 1, "remedies": {"token_spike": [{"action": "throttle", "level": 4}]}},
        {"version": 1, "detectors": {"token_spikes": {}}},
    ],
    ids=lambda policy: ", ".join(map(str, policy.values())),
)
def test_what_is_no_policy_does_not_fit_the_schema(validator, policy):
    assert not validator.is_valid(policy)


def test_the_schema_is_the_same_text_every_time():
    assert schema_text() == schema_text()
    assert '"default": "15m"' in schema_text()
