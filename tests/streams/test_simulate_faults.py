import json
from collections import Counter

import pytest

from streams.simulate.releases import release_events
from streams.simulate.traffic import Traffic
from streams.simulate.truth import labels_of, write_labels
from tests.streams.scenarios import START_MS, records_of, scenario, steps_of, within

BEGIN_S, END_S = 120, 360


def fault(kind, **changes):
    return {"kind": kind, "at": f"{BEGIN_S}s", "for": f"{END_S - BEGIN_S}s"} | changes


def rate(records, begin_s, end_s, **dimensions):
    return len(within(records, begin_s, end_s, **dimensions)) / (end_s - begin_s)


def test_a_spike_by_rate_multiplies_the_requests_of_its_scope_alone():
    records = records_of(scenario(fault("token_spike", scope={"tenant": "acme"}, factor=10)))
    assert 45 < rate(records, BEGIN_S + 20, END_S, tenant="acme") < 56
    assert rate(records, 20, BEGIN_S, tenant="acme") < 7
    assert rate(records, BEGIN_S, END_S, tenant="globex") < 7


def test_a_spike_by_size_multiplies_the_tokens_and_not_the_requests():
    records = records_of(scenario(fault("token_spike", scope={"tenant": "acme"}, by="size", factor=10)))
    inside, outside = (within(records, *span, tenant="acme") for span in ((BEGIN_S + 60, END_S), (0, BEGIN_S)))
    middle = [sorted(record["input_tokens"] for record in part)[len(part) // 2] for part in (inside, outside)]
    assert 7 < middle[0] / middle[1] < 14
    assert rate(records, BEGIN_S, END_S, tenant="acme") < 7


def test_a_cost_spike_moves_requests_to_the_dear_model():
    records = records_of(scenario(fault("cost_spike", scope={"tenant": "acme", "feature": "chat"}, model="o1-pro", share=0.5)))
    models = Counter(each["model"] for each in within(records, BEGIN_S + 60, END_S, tenant="acme", feature="chat"))
    assert 0.35 < models["o1-pro"] / sum(models.values()) < 0.65
    assert not within(records, 0, BEGIN_S, model="o1-pro")
    assert not [each for each in records if each["model"] == "o1-pro" and each["tenant"] == "globex"]


def test_an_unknown_model_brings_a_provider_of_its_own():
    records = records_of(scenario(fault("unknown_price", model="newcomer-1", share=1.0)))
    assert {each["provider"] for each in records if each["model"] == "newcomer-1"} == {"newcomer"}
    assert len({each["model"] for each in within(records, BEGIN_S + 120, END_S)}) == 1


def test_a_storm_by_the_clients_fault_has_its_amplification_and_waste():
    records = records_of(scenario(fault("retry_storm", scope={"tenant": "acme"}, amplification=4)))
    storm = within(records, BEGIN_S + 30, END_S, tenant="acme")
    assert 3.6 < len(storm) / sum(each["attempt"] == 1 for each in storm) < 4.4
    cancelled = [each for each in storm if each.get("result") == "cancelled"]
    assert len(cancelled) / len(storm) > 0.6
    assert min(each["input_tokens"] for each in cancelled) > 0
    assert rate(records, BEGIN_S, END_S, tenant="globex") < 7


def test_a_storm_by_the_providers_fault_strikes_all_its_tenants():
    records = records_of(scenario(fault("retry_storm", scope={"provider": "anthropic"}, error_ratio=0.7, retries=3)))
    expected = (1 - 0.7**4) / (1 - 0.7)
    for tenant in ("acme", "globex"):
        storm = within(records, BEGIN_S + 20, END_S, tenant=tenant, provider="anthropic")
        assert len(storm) / sum(each["attempt"] == 1 for each in storm) == pytest.approx(expected, rel=0.15)
    assert sum(each["status"] == 503 for each in within(records, BEGIN_S, END_S, provider="openai")) < 60


def test_attempts_of_an_operation_are_numbered_without_holes_and_all_but_the_last_failed():
    operations: dict[str, list[dict[str, object]]] = {}
    for each in records_of(scenario(fault("retry_storm", scope={"tenant": "acme"}, amplification=3))):
        operations.setdefault(each["operation_id"], []).append(each)
    for attempts in operations.values():
        in_order = sorted(attempts, key=lambda each: each["attempt"])
        assert [each["attempt"] for each in in_order] == list(range(1, len(attempts) + 1))
        assert [each["ts"] for each in in_order] == sorted(each["ts"] for each in attempts)
        assert all(each["status"] != 200 for each in in_order[:-1])


def test_a_bad_canary_costs_more_and_fails_more_than_its_baseline():
    bad = fault("canary_regression", service="chat-api", release="v2", traffic_share=0.4, cost_factor=2, success_ratio=0.7)
    tenants = [{"name": "acme", "operations_per_s": 20, "amplitude": 0, "routes": {"chat": 1}}]
    records = within(records_of(scenario(bad, tenants=tenants)), BEGIN_S, END_S, service="chat-api")
    arms = [[each for each in records if each["cohort"] == cohort] for cohort in ("canary", "baseline")]
    assert {each["release"] for each in arms[0]} == {"v2"}
    assert {each["release"] for each in arms[1]} == {"v1"}
    good = [sum(each["status"] == 200 for each in arm) / len(arm) for arm in arms]
    output = [sorted(each["output_tokens"] for each in arm)[len(arm) // 2] for arm in arms]
    assert 0.6 < good[0] / good[1] < 0.8
    assert 1.6 < output[0] / output[1] < 2.5


def test_a_canary_ends_where_it_is_rolled_back():
    its = scenario(fault("canary_regression", service="chat-api", release="v2", cost_factor=2))
    traffic = Traffic(its)
    until_ms = START_MS + (BEGIN_S + 60) * 1000
    before = traffic.step(until_ms)
    traffic.roll_back("chat-api", "v2")
    after = [value for arrivals in steps_of(traffic, 10_000) for value in arrivals.values]
    assert any(b'"canary"' in value for value in before.values)
    assert after
    assert not any(b'"cohort"' in value for value in after)


def test_silence_leaves_no_record_of_its_scope():
    records = records_of(scenario(fault("telemetry_silence", scope={"service": "docs-api"})))
    assert not within(records, BEGIN_S, END_S, service="docs-api")
    assert within(records, END_S, END_S + 60, service="docs-api")


def test_everybody_can_fall_silent():
    records = records_of(scenario(fault("telemetry_silence")))
    assert not within(records, BEGIN_S, END_S)


def test_labels_say_what_a_perfect_detector_would_find(tmp_path):
    its = scenario(
        fault("token_spike", scope={"tenant": "acme"}, factor=10),
        fault("rollout", service="chat-api", release="v2"),
        fault("retry_storm", at="0s", scope={"provider": "openai"}, error_ratio=0.5),
    )
    write_labels(its, tmp_path / "labels.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["retry_storm", "token_spike"]
    assert lines[1] | {"also": []} == {
        "kind": "token_spike",
        "scope": {"tenant": "acme"},
        "start": "2026-03-02T00:02:00Z",
        "end": "2026-03-02T00:06:00Z",
        "also": [],
    }


def test_every_kind_but_a_good_canary_has_a_label_of_its_own_name():
    its = scenario(
        fault("token_spike", factor=2),
        fault("cost_spike", model="gpt-5"),
        fault("retry_storm", amplification=3),
        fault("budget_burn", factor=3),
        fault("unknown_price", model="x"),
        fault("telemetry_silence"),
        fault("canary_regression", service="chat-api", release="v2", cost_factor=2),
    )
    assert sorted(label.kind for label in labels_of(its)) == sorted(each.kind for each in its.faults)


def test_release_events_tell_of_rollouts_in_order():
    its = scenario(
        fault("rollout", at="240s", service="chat-api", release="v2") | {"for": "60s"},
        fault("canary_regression", service="code-api", release="v9", cost_factor=3),
    )
    events = [json.loads(value) for _, _, value in release_events(its)]
    assert [(each["service"], each["phase"]) for each in events] == [
        ("code-api", "canary"),
        ("chat-api", "canary"),
        ("chat-api", "promoted"),
    ]
