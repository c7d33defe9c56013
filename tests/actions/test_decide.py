import msgspec

from actions.decision import Action
from actions.policy import Mode
from detectors.anomaly import Judgement
from detectors.canonical import parse_time
from tests.actions.acting import THROTTLE, Desk, lift, policy, said, throttles
from tests.actions.said import anomaly, by_provider, crowd, ended, judgement

SPIKE = anomaly("token_spike", "tenant=acme", severity="critical")
OVER = ended("token_spike", "tenant=acme")


def quiet(first: int, last: int) -> list[Judgement]:
    return [judgement(window) for window in range(first, last + 1)]


def test_a_critical_spike_pages_and_throttles_at_once():
    decisions = Desk(policy()).take(judgement(0, SPIKE))
    assert said(decisions) == ["page on-call opened", "throttle tenant=acme remedy"]


def test_a_page_holds_all_that_a_sender_needs():
    page = Desk(policy()).take(judgement(0, SPIKE))[0]
    assert page.params["title"] == "tenant acme: tokens 9.8x of expected (token_spike)"
    assert page.params["summary"] == "tenant acme: tokens 9.8x of expected (token_spike); $1.50 so far"
    assert page.params["suggested_command"] == f"tidegate why {page.incident_id}"
    assert page.params["anomalies"][0]["observed"] == 9.8
    assert (page.dedup_key, page.params["event"], page.params["severity"]) == (page.incident_id, "trigger", "critical")


def test_a_throttle_says_what_is_left_and_until_when():
    quotas = [{"scope": "tenant=acme", "requests_per_min": 600, "tokens_per_min": 1}]
    throttle = Desk(policy(quotas=quotas)).take(judgement(0, SPIKE))[1]
    assert throttle.params["limit"] == {"requests_per_min": 300, "tokens_per_min": 1}
    assert (throttle.params["level"], throttle.params["factor"]) == (1, 0.5)
    assert parse_time(throttle.params["until"]) == parse_time(throttle.ts) + 900_000


def test_without_a_quota_a_throttle_has_no_figures():
    assert Desk(policy()).take(judgement(0, SPIKE))[1].params["limit"] is None


def test_a_warning_is_a_ticket_and_a_rise_is_a_page():
    desk = Desk(policy(remedies={}))
    first = desk.take(judgement(0, anomaly("token_spike", "tenant=acme", severity="warning")))
    second = desk.take(judgement(1, anomaly("token_spike", "tenant=acme", window=1, since=0)))
    third = desk.take(judgement(2, anomaly("token_spike", "tenant=acme", window=2, since=0, severity="critical")))
    assert said(first + second) == ["ticket tickets opened", "page on-call risen"]
    assert said(third) == ["notify on-call risen", "none  not_configured"]
    assert third[0].params["event"] == "update"


def test_who_was_told_hears_that_it_is_over():
    desk = Desk(policy(remedies={}))
    desk.take(judgement(0, anomaly("token_spike", "tenant=acme", severity="warning")))
    desk.take(judgement(1, anomaly("token_spike", "tenant=acme", window=1, since=0)))
    decisions = desk.take(judgement(2, OVER))
    assert said(decisions) == ["notify tickets resolved", "notify on-call resolved"]
    assert {each.params["event"] for each in decisions} == {"resolve"}


def test_without_a_route_the_page_goes_to_nobody_and_says_so():
    decisions = Desk(policy(routes=[], remedies={})).take(judgement(0, anomaly("token_spike", "tenant=acme")))
    assert said(decisions) == ["page  opened"]


def test_info_without_a_route_is_recorded_only():
    assert Desk(policy()).take(judgement(0, anomaly("token_spike", "tenant=acme", severity="info"))) == []


def test_an_error_is_weak_evidence_for_a_remedy_and_says_so_once():
    desk = Desk(policy())
    decisions = desk.all([judgement(0, anomaly("token_spike", "tenant=acme")), judgement(1, anomaly("token_spike", "model=m"))])
    again = desk.take(judgement(2, anomaly("token_spike", "feature=chat,tenant=acme", window=2)))
    assert said(decisions).count("none  weak_evidence") == 2
    assert again == []


def test_a_throttle_is_renewed_while_its_cause_lasts():
    decisions = Desk(policy()).all([judgement(0, SPIKE), *quiet(1, 120)])
    assert throttles(decisions) == ["1 remedy", "1 renewed", "1 renewed"]


def test_a_throttle_is_raised_while_its_cause_lasts_and_lowered_step_by_step_when_it_is_gone():
    remedies = {"token_spike": [{**THROTTLE, "escalate_after": "60s"}]}
    decisions = Desk(policy(remedies=remedies)).all([judgement(0, SPIKE), *quiet(1, 15), judgement(16, OVER), *quiet(17, 30)])
    at = [(parse_time(each.ts) - parse_time(decisions[0].ts)) // 1000 for each in decisions if each.action is Action.THROTTLE]
    assert throttles(decisions) == ["1 remedy", "2 escalated", "3 escalated", "2 released", "1 released", "0 released"]
    assert at == [0, 60, 120, 160, 190]


def test_a_throttle_is_kept_for_the_hold_although_its_cause_is_gone():
    decisions = Desk(policy()).all([judgement(0, SPIKE), judgement(1, OVER), *quiet(2, 9)])
    lifted = [each for each in decisions if each.action is Action.LIFT_THROTTLE]
    assert parse_time(lifted[0].ts) - parse_time(decisions[0].ts) == 30_000


def test_a_cause_that_returns_keeps_the_throttle():
    back = anomaly("token_spike", "tenant=acme", window=2, severity="critical")
    decisions = Desk(policy()).all([judgement(0, SPIKE), judgement(1, OVER), judgement(2, back), *quiet(3, 20)])
    assert throttles(decisions) == ["1 remedy"]
    assert "none  repeat" in said(decisions)


def test_after_the_longest_hold_a_person_is_paged_and_the_throttle_is_lifted():
    desk = Desk(policy(safety={"max_hold": "5m"}, remedies={"token_spike": [{**THROTTLE, "level": 2}]}))
    decisions = desk.all([judgement(0, SPIKE), *quiet(1, 60)])
    assert said(decisions)[2:] == ["page on-call expired", *["throttle tenant=acme expired", "lift_throttle tenant=acme expired"]]
    again = anomaly("token_spike", "feature=chat,tenant=acme", window=61, severity="critical")
    assert said(desk.take(judgement(61, again))) == ["none  repeat"]


def test_a_person_lifts_a_throttle_and_the_incident_does_not_bring_it_back():
    desk = Desk(policy())
    desk.take(judgement(0, SPIKE))
    assert throttles(desk.take(judgement(1), lift("tenant=acme", 2))) == []
    lifted = desk.take(judgement(2))
    again = desk.take(judgement(3, anomaly("token_spike", "model=m,tenant=acme", window=3, severity="critical")))
    assert (throttles(lifted), lifted[0].params["by"]) == (["0 lifted_by_hand"], "ann")
    assert said(again) == ["none  repeat"]


def test_a_lift_that_comes_twice_counts_once():
    desk = Desk(policy())
    desk.take(judgement(0, SPIKE))
    assert throttles(desk.take(judgement(1), lift("global", 1), lift("global", 1))) == ["0 lifted_by_hand"]
    desk.take(judgement(2, OVER))
    desk.take(judgement(3, anomaly("token_spike", "tenant=acme", window=3, severity="critical")))
    assert throttles(desk.take(judgement(4), lift("global", 1))) == []


def test_a_release_is_rolled_back_once_ever():
    desk = Desk(policy(remedies={"canary_regression": [{"action": "rollback"}]}, canary={"targets": {"chat": "rollouts"}}))
    bad = anomaly("canary_regression", "release=v2,service=chat", severity="critical", evidence={"baseline": "v1"})
    over = judgement(1, ended("canary_regression", "release=v2,service=chat"))
    again = anomaly("canary_regression", "release=v2,service=chat", window=2, severity="critical")
    decisions = desk.all([judgement(0, bad), over, judgement(2, again)])
    assert said(decisions)[1::2] == ["rollback rollouts remedy", "page on-call opened"]
    assert said(decisions)[-1] == "none  repeat"
    wanted = {"service": "chat", "release": "v2", "baseline": "v1"}
    assert {key: decisions[1].params[key] for key in wanted} == wanted


def test_a_provider_that_is_to_blame_after_all_frees_its_users():
    desk = Desk(policy(remedies={"retry_storm": [THROTTLE]}))
    storm = anomaly("retry_storm", "tenant=acme", severity="critical", contributors=[("provider=p", 1.0)])
    provider = anomaly("retry_storm", "provider=p", window=5, severity="critical", suspected_change=by_provider("p"))
    decisions = desk.all([judgement(0, storm), *quiet(1, 4), judgement(5, provider)])
    assert throttles(decisions) == ["1 remedy", "0 released"]
    assert [each.action for each in decisions].count(Action.PAGE) == 1


def test_very_many_tenants_that_alarm_together_are_one_page_and_no_throttle():
    spikes = [anomaly("token_spike", f"tenant=t{i}", severity="critical") for i in range(20)]
    decisions = Desk(policy()).take(judgement(0, *spikes, **crowd(spikes, live=100)))
    assert said(decisions) == ["page on-call opened", "none  correlated"]


def test_the_mode_changes_no_decision():
    story = [judgement(0, SPIKE), *quiet(1, 40), judgement(41, OVER), *quiet(42, 60)]
    by_mode = [Desk(policy(mode=mode.value)).all(story) for mode in Mode]
    assert all(each == by_mode[0] for each in by_mode)


def test_decisions_have_the_wire_form_of_the_design():
    wire = msgspec.to_builtins(Desk(policy()).take(judgement(0, SPIKE))[0])
    assert list(wire) == ["id", "incident_id", "ts", "action", "target", "params", "reason", "dedup_key"]
