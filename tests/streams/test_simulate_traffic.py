import json
from collections import Counter
from pathlib import Path

import numpy as np

from streams.simulate.arrivals import Partitioning
from streams.simulate.load import load_scenario
from streams.simulate.traffic import Traffic, generate, stream
from tests.streams.scenarios import START_MS, records_of, scenario, steps_of, values_of
from tests.streams.usage_rules import refusal

EXAMPLES = Path(__file__).parents[2] / "deploy" / "scenarios"
ROUGH = {
    "late_ratio": 0.02,
    "late_by": "90s",
    "duplicate_ratio": 0.02,
    "conflict_ratio": 0.01,
    "malformed_ratio": 0.05,
    "unknown_usage_ratio": 0.01,
}


def test_the_same_scenario_gives_the_same_bytes():
    its = scenario(delivery=ROUGH)
    assert values_of(its) == values_of(its)


def test_another_seed_gives_other_records_with_other_ids():
    ids = [{record["event_id"] for record in records_of(scenario(seed=seed))} for seed in (1, 2)]
    assert not ids[0] & ids[1]


def test_the_length_of_steps_changes_nothing():
    its = scenario({"kind": "token_spike", "at": "2m", "for": "2m", "scope": {"tenant": "acme"}, "factor": 5}, delivery=ROUGH)
    whole = values_of(its)
    for step_ms in (777, 60_000):
        assert [value for arrivals in steps_of(Traffic(its), step_ms) for value in arrivals.values] == whole


def test_records_come_in_the_order_of_their_arrival():
    arrivals_ms = np.concatenate([arrivals.arrivals_ms for arrivals in generate(scenario(delivery=ROUGH))])
    assert (np.diff(arrivals_ms) >= 0).all()
    assert arrivals_ms[0] >= START_MS


def test_nothing_is_late_while_delays_stay_below_the_grace():
    for arrivals in generate(scenario()):
        ts_ms = np.array([json.loads(value)["ts"] for value in arrivals.values])
        assert (arrivals.arrivals_ms - ts_ms).min() >= 0
        assert (arrivals.arrivals_ms - ts_ms).max() < 5_000


def test_the_tally_counts_what_an_independent_reader_counts():
    traffic = Traffic(load_scenario(EXAMPLES / "rough-weather.yaml"))
    reasons: Counter[str | None] = Counter()
    seen: dict[str, bytes] = {}
    for arrivals in stream(traffic):
        for value, arrival_ms in zip(arrivals.values, arrivals.arrivals_ms.tolist(), strict=True):
            reason = refusal(value, arrival_ms)
            reasons[reason or repeat(seen, value)] += 1
    tally = traffic.tally
    assert reasons["conflict"] == tally.conflicts
    assert reasons.pop("duplicate") + reasons.pop("conflict") == tally.duplicates
    assert reasons.pop(None) == tally.usage_records
    assert reasons == tally.dead_letters
    assert sum(json.loads(value)["input_tokens"] or 0 for value in seen.values()) == tally.input_tokens


def repeat(seen: dict[str, bytes], value: bytes) -> str | None:
    event_id = json.loads(value)["event_id"]
    if event_id in seen:
        return "duplicate" if seen[event_id] == value else "conflict"
    seen[event_id] = value
    return None


def test_ordinary_traffic_has_a_few_errors_and_retries():
    records = records_of(scenario(duration="30m"))
    retries = sum(record["attempt"] > 1 for record in records) / len(records)
    failed = sum(record["status"] != 200 for record in records) / len(records)
    assert 0.005 < retries < 0.05
    assert 0.005 < failed < 0.05


def test_one_request_in_a_hundred_has_a_long_context():
    its = scenario(duration="1h", tenants=[{"name": "acme", "operations_per_s": 5, "routes": {"search": 1}}])
    inputs = sorted(record["input_tokens"] for record in records_of(its))
    assert 1_700 < inputs[len(inputs) // 2] < 1_900
    assert sum(count > 20_000 for count in inputs) / len(inputs) > 0.006


def test_the_day_has_its_wave():
    its = scenario(duration="24h", tenants=[{"name": "acme", "operations_per_s": 0.5, "amplitude": 0.5, "peak_hour": 14}])
    hours = Counter((record["ts"] - START_MS) // 3_600_000 for record in records_of(its))
    assert 2.3 < hours[14] / hours[2] < 3.9


def test_a_spread_of_rates_makes_large_and_small_tenants():
    its = scenario(tenants=[{"name": "small", "count": 20, "operations_per_s": 1, "spread": 1.0}])
    sizes = Counter(record["tenant"] for record in records_of(its)).most_common()
    assert sizes[0][1] > 5 * sizes[-1][1]


def test_sessions_hold_several_operations_of_one_tenant():
    tenants: dict[str, set[str]] = {}
    records = records_of(scenario())
    for record in records:
        tenants.setdefault(record["session_id"], set()).add(record["tenant"])
    assert max(map(len, tenants.values())) == 1
    assert len(records) / len(tenants) > 4


def test_times_may_be_text():
    assert {refusal(value, START_MS + 600_000) for value in values_of(scenario(time_format="rfc3339"))} == {None}


def test_partitions_are_dealt_by_tenant_with_offsets_without_holes():
    dealt = Partitioning(4)
    tenants: dict[int, set[bytes]] = {}
    for arrivals in generate(scenario()):
        for partition, (batch, keys) in dealt.deal(arrivals).items():
            tenants.setdefault(partition, set()).update(keys)
            assert list(batch.offsets)[-1] + 1 == dealt.next_offset[partition]
    assert sum(map(len, tenants.values())) == 2
