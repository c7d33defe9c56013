import json

import pytest

from streams.simulate.traffic import Traffic
from tests.streams.scenarios import START_MS, scenario

SPIKE = {"kind": "token_spike", "at": "0s", "for": "10m", "scope": {"tenant": "acme"}, "factor": 10}


def run(limits, *faults, step_ms=10_000):
    traffic = Traffic(scenario(*faults))
    values = []
    for until_ms in range(START_MS + step_ms, START_MS + 600_001, step_ms):
        values += traffic.step(until_ms, limits).values
    return [json.loads(value) for value in values]


def of_acme(records, *, throttled):
    return [each for each in records if each["tenant"] == "acme" and (each["status"] == 429) == throttled]


@pytest.mark.parametrize(("factor", "served_per_s"), [(0.5, 5), (0.25, 2.5)])
def test_a_limited_scope_is_served_its_share_of_the_quota(factor, served_per_s):
    records = run({"tenant=acme": factor}, SPIKE)
    assert len(of_acme(records, throttled=False)) / 600 == pytest.approx(served_per_s, rel=0.05)
    assert len(of_acme(records, throttled=True)) / 600 > 30


def test_throttled_attempts_cost_nothing():
    refused = of_acme(run({"tenant=acme": 0.5}, SPIKE), throttled=True)
    assert {(each["result"], each["input_tokens"], each["output_tokens"], each["cached_input_tokens"]) for each in refused} == {
        ("throttled", 0, 0, 0)
    }


def test_other_scopes_are_not_touched():
    limited, free = (
        {each["event_id"] for each in run(limits, SPIKE) if each["tenant"] == "globex"} for limits in ({"tenant=acme": 0.1}, {})
    )
    assert limited == free


def test_ordinary_traffic_passes_half_of_its_quota_nearly_whole():
    records = run({"tenant=acme": 0.7})
    assert len(of_acme(records, throttled=True)) < 0.03 * len(of_acme(records, throttled=False))


def test_a_factor_of_one_is_no_limit():
    assert not of_acme(run({"tenant=acme": 1.0}, SPIKE), throttled=True)


def test_the_length_of_steps_does_not_decide_who_is_throttled():
    coarse, fine = (run({"feature=chat": 0.2}, SPIKE, step_ms=step_ms) for step_ms in (10_000, 500))
    assert coarse == fine


def test_repeats_of_a_throttled_attempt_are_the_same_bytes():
    traffic = Traffic(scenario(SPIKE, delivery={"duplicate_ratio": 0.2}))
    values = traffic.step(START_MS + 600_000, {"tenant=acme": 0.2}).values
    ids = {json.loads(value)["event_id"] for value in values}
    assert len(ids) == len(set(values)) < len(values)
