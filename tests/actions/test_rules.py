import pytest

from actions.policy import policy_of
from tests.actions.acting import THROTTLE, Desk, policy, said
from tests.actions.said import anomaly, by_provider, crowd, ended, judgement


def outcome(remedy: dict[str, object], scope: str, **of: object) -> str:
    decisions = Desk(policy(remedies={"token_spike": [remedy]}, safety=of.pop("safety", {}))).take(
        judgement(0, anomaly("token_spike", scope, severity="critical", **of))
    )
    return said(decisions)[-1]


def test_a_throttle_goes_to_the_scope_of_the_anomaly():
    assert outcome({"action": "throttle"}, "env=prod,team=search") == "throttle env=prod,team=search remedy"


def test_a_throttle_goes_to_the_tenant_that_is_most_of_it():
    contributors = [("tenant=acme", 0.7), ("tenant=globex", 0.3)]
    assert outcome(THROTTLE, "model=m", contributors=contributors) == "throttle tenant=acme remedy"


def test_a_throttle_of_a_tenant_where_none_is_most_of_it_is_none():
    assert outcome(THROTTLE, "model=m", contributors=[("tenant=acme", 0.4)]) == "none  empty_target"


def test_nobody_is_throttled_on_a_guess():
    evidence = {"contributors": [{"scope": {"tenant": "acme"}, "share": 0.9, "guessed": True}]}
    assert outcome(THROTTLE, "feature=chat", evidence=evidence) == "none  empty_target"


@pytest.mark.parametrize("scope", ["global", "tenant=other", "tenant=%2A", "tenant=%20"])
def test_nobody_and_everybody_are_no_target(scope):
    assert outcome({"action": "throttle"}, scope) == "none  empty_target"


def test_a_named_scope_is_throttled_whatever_the_anomaly_says():
    assert outcome({"action": "throttle", "target": "tenant=batch"}, "global") == "throttle tenant=batch remedy"


@pytest.mark.parametrize("scope", ["tenant=acme", "feature=chat,tenant=acme"])
def test_a_protected_scope_and_all_within_it_are_spared(scope):
    assert outcome({"action": "throttle"}, scope, safety={"protected": ["tenant=acme"]}) == "none  protected"


def test_the_users_of_a_broken_provider_are_spared():
    assert outcome(THROTTLE, "tenant=acme", suspected_change=by_provider("p")) == "none  provider_fault"


def test_the_traffic_to_a_broken_provider_may_be_throttled():
    assert outcome({"action": "throttle"}, "provider=p", suspected_change=by_provider("p")) == "throttle provider=p remedy"


def test_a_rollback_without_a_target_for_its_service_is_none():
    desk = Desk(policy(remedies={"canary_regression": [{"action": "rollback"}]}))
    decisions = desk.take(judgement(0, anomaly("canary_regression", "release=v2,service=chat", severity="critical")))
    assert said(decisions)[-1] == "none  empty_target"


def test_at_most_six_destructive_actions_in_ten_minutes():
    desk = Desk(policy())
    story = [judgement(i, anomaly("token_spike", f"tenant=t{i}", window=i, severity="critical")) for i in range(8)]
    decisions = said(desk.all(story))
    later = desk.take(judgement(61, anomaly("token_spike", "tenant=late", window=61, severity="critical")))
    assert [each for each in decisions if "page" not in each][5:] == ["throttle tenant=t5 remedy", *["none  capped"] * 2]
    assert "throttle tenant=late remedy" in said(later)


def test_at_most_two_throttles_of_a_scope_in_an_hour():
    desk = Desk(policy(safety={"calm": "10s"}))
    answers = []
    for window in (0, 70, 140, 430):
        spike = anomaly("token_spike", "tenant=acme", window=window, severity="critical")
        answers.append(said(desk.take(judgement(window, spike)))[-1])
        desk.all([judgement(window + 1, ended("token_spike", "tenant=acme")), *map(judgement, range(window + 2, window + 9))])
    assert answers == ["throttle tenant=acme remedy"] * 2 + ["none  capped", "throttle tenant=acme remedy"]


def test_a_crowd_of_one_rollup_does_not_spare_another():
    spikes = [anomaly("token_spike", f"tenant=t{i}", severity="critical") for i in range(20)]
    desk = Desk(policy(remedies={"canary_regression": [{"action": "rollback"}]}, canary={"targets": {"chat": "rollouts"}}))
    bad = anomaly("canary_regression", "release=v2,service=chat", severity="critical")
    assert "rollback rollouts remedy" in said(desk.take(judgement(0, *spikes, bad, **crowd(spikes, live=100))))


def test_a_harder_remedy_raises_a_throttle_that_stands():
    desk = Desk(policy(remedies={"token_spike": [THROTTLE], "retry_storm": [{**THROTTLE, "level": 3}]}))
    first = desk.take(judgement(0, anomaly("token_spike", "tenant=acme", severity="critical")))
    second = desk.take(judgement(1, anomaly("retry_storm", "tenant=acme", window=1, severity="critical")))
    assert (said(first)[-1], said(second)) == ("throttle tenant=acme remedy", ["throttle tenant=acme escalated"])
    assert second[0].params["level"] == 3


def test_a_throttle_stands_until_the_last_of_its_causes_is_gone():
    desk = Desk(policy(remedies={"token_spike": [THROTTLE], "retry_storm": [THROTTLE]}))
    both = [anomaly(name, "tenant=acme", severity="critical") for name in ("token_spike", "retry_storm")]
    desk.all([judgement(0, *both), judgement(5, ended("token_spike", "tenant=acme"))])
    assert said(desk.all([judgement(6), judgement(7)])) == []
    assert "lift_throttle tenant=acme released" in said(desk.take(judgement(8, ended("retry_storm", "tenant=acme"))))


def test_an_anomaly_without_a_remedy_says_so():
    desk = Desk(policy_of({"version": 1}))
    assert said(desk.take(judgement(0, anomaly("cost_spike", "tenant=a", severity="critical"))))[-1] == "none  not_configured"
