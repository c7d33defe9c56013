from collections import Counter, defaultdict

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.decision import Action, Decision, Reason
from actions.incidents import Incidents
from detectors.anomaly import Judgement
from detectors.canonical import encode, parse_time
from tests.actions.acting import THROTTLE, Desk, policy
from tests.actions.said import anomaly, ended, judgement
from tests.actions.stories import stories

POLICY = policy(
    remedies={
        "token_spike": [{**THROTTLE, "escalate_after": "60s"}],
        "retry_storm": [{"action": "throttle", "level": 2}],
        "budget_threshold": [THROTTLE, {"action": "fallback", "target": "rollouts"}],
        "canary_regression": [{"action": "rollback"}, {"action": "pause_canary"}],
    },
    canary={"targets": {"s": "rollouts"}},
    quotas=[{"scope": "tenant=a", "requests_per_min": 60}],
    safety={"protected": ["tenant=c"], "max_hold": "20m"},
)
few = settings(max_examples=25, deadline=None)


def decided(story: list[Judgement]) -> list[Decision]:
    return Desk(POLICY).all(story)


@few
@given(stories())
def test_each_receiver_is_paged_once_for_an_incident(story):
    pages = [each for each in decided(story) if each.action is Action.PAGE and each.reason is not Reason.EXPIRED]
    assert max(Counter((each.incident_id, each.target) for each in pages).values(), default=1) == 1


@few
@given(stories())
def test_every_incident_that_says_it_was_paged_has_a_page_and_no_other_has(story):
    incidents, desk = {}, Desk(POLICY)
    pages = set()
    for each in story:
        changes = desk.incidents.observe(each)
        incidents |= {change.incident.id: change.incident for change in changes}
        pages |= {one.incident_id for one in desk.decider.decide(each, changes) if one.action is Action.PAGE}
    assert {key for key, each in incidents.items() if each.paged} == pages


@few
@given(stories())
def test_no_two_decisions_have_one_id(story):
    decisions = decided(story)
    assert len({each.id for each in decisions}) == len(decisions)


@few
@given(stories())
def test_a_throttle_is_a_lease_of_at_most_15_minutes(story):
    for each in decided(story):
        if each.action is Action.THROTTLE:
            assert 0 < parse_time(each.params["until"]) - parse_time(each.ts) <= 15 * 60_000
            assert 1 <= each.params["level"] <= 3
            assert 0 < each.params["factor"] < 1


@few
@given(stories())
def test_every_throttle_is_lifted_in_the_end(story):
    last: dict[str, Decision] = {}
    for each in decided(story):
        if each.action in {Action.THROTTLE, Action.LIFT_THROTTLE}:
            last[each.target] = each
    assert {each.action for each in last.values()} <= {Action.LIFT_THROTTLE}


@few
@given(stories())
def test_no_lease_runs_out_between_two_windows_in_a_row(story):
    ends = {each.window_end for each in story}
    until: dict[str, int] = {}
    desk = Desk(POLICY)
    before_ms = 0
    for each in story:
        now_ms = parse_time(each.window_end)
        for one in desk.take(each):
            if one.action is Action.THROTTLE:
                until[one.target] = parse_time(one.params["until"])
            elif one.action is Action.LIFT_THROTTLE:
                del until[one.target]
        assert all(end > now_ms for end in until.values()) or now_ms - before_ms > 10_000
        before_ms = now_ms
    assert ends


@few
@given(stories())
def test_levels_come_down_one_by_one(story):
    level: dict[str, int] = defaultdict(int)
    for each in decided(story):
        if each.action in {Action.THROTTLE, Action.LIFT_THROTTLE}:
            assert each.params["level"] >= level[each.target] - 1
            level[each.target] = each.params["level"]


@few
@given(stories())
def test_never_more_than_six_destructive_actions_in_ten_minutes(story):
    fresh = {Reason.REMEDY, Reason.ESCALATED}
    at = [parse_time(each.ts) for each in decided(story) if each.action.destructive and each.reason in fresh]
    assert all(sum(1 for each in at if 0 <= now - each < 600_000) <= 6 for now in at)


@few
@given(stories())
def test_protected_scopes_are_never_throttled(story):
    assert not any("tenant=c" in each.target for each in decided(story))


@few
@given(stories())
def test_a_release_is_rolled_back_at_most_once(story):
    assert [each.action for each in decided(story)].count(Action.ROLLBACK) <= 1


@few
@given(stories(max_windows=20), st.data())
def test_state_may_be_taken_out_and_put_back_between_any_two_windows(story, data):
    cut = data.draw(st.integers(0, min(len(story) - 1, 60)))
    one = Desk(POLICY)
    first = one.all(story[:cut])
    other = Desk(POLICY)
    other.incidents.restore(msgspec.json.decode(msgspec.json.encode(one.incidents.snapshot())))
    other.decider.restore(msgspec.json.decode(msgspec.json.encode(one.decider.snapshot())))
    assert encode(first + other.all(story[cut:])) == encode(decided(story))


@few
@given(stories())
def test_every_anomaly_is_in_one_incident_and_all_are_resolved(story):
    incidents, last, absorbed = Incidents(), {}, set()
    for each in story:
        for change in incidents.observe(each):
            last[change.incident.id] = change.incident
            absorbed |= {change.incident.id} if change.absorbed_by else set()
    homes = Counter(key for each in last.values() if each.id not in absorbed for key in each.anomaly_ids)
    assert set(homes) == {one.id for each in story for one in each.anomalies}
    assert set(homes.values()) <= {1}
    assert all(each.resolved for each in last.values())


@few
@given(stories())
def test_who_was_paged_hears_the_end_of_every_incident(story):
    paged = {(each.incident_id, each.target) for each in decided(story) if each.action is Action.PAGE}
    resolved = {(each.incident_id, each.target) for each in decided(story) if each.reason is Reason.RESOLVED}
    assert paged <= resolved


def test_a_spike_that_swings_for_three_hours_takes_two_throttles_an_hour_at_most():
    desk, taken = Desk(POLICY), []
    for window in range(0, 1080, 6):
        said = anomaly("token_spike", "tenant=a", window=window, severity="critical")
        decisions = desk.take(judgement(window, said))
        decisions += desk.take(judgement(window + 1, ended("token_spike", "tenant=a")))
        decisions += desk.all([judgement(each) for each in range(window + 2, window + 6)])
        taken += [parse_time(each.ts) for each in decisions if each.reason is Reason.REMEDY]
    assert all(sum(1 for each in taken if 0 <= now - each < 3_600_000) <= 2 for now in taken)
