from actions.policy import load_policy
from detectors.canonical import parse_time
from streams.demo.script import PILOTS, STEPS, Step, calm, nth_round, rollouts, script_of
from streams.demo.stage import PACKAGED, packaged_scenario
from streams.pipeline import Plan

POLICY = PACKAGED / "policy.yaml"
START_MS = 1_772_409_600_000


def rounds(count):
    return [nth_round(packaged_scenario(), number, seed=1, start_ms=START_MS) for number in range(count)]


def test_the_four_faults_of_the_promise_are_in_the_script():
    kinds = {each.label.kind for each in script_of(packaged_scenario())}
    assert kinds >= {"token_spike", "retry_storm", "budget_burn", "canary_regression"}


def test_every_scripted_incident_has_to_be_found_told_and_let_go():
    for steps in STEPS.values():
        assert steps[0] is Step.FOUND
        assert {Step.PAGED, Step.TICKETED} & set(steps)
        assert steps[-1] is Step.RESOLVED
        assert (Step.THROTTLED in steps) == (Step.LIFTED in steps)


def test_calm_traffic_has_no_fault():
    assert script_of(calm(packaged_scenario())) == []


def test_each_round_has_a_release_a_pilot_and_a_model_of_its_own():
    scopes = [{(each.label.kind, each.scope) for each in script_of(scenario)} for scenario in rounds(PILOTS)]
    for kind in ("canary_regression", "budget_burn", "unknown_price"):
        assert len({scope for its in scopes for name, scope in its if name == kind}) == PILOTS


def test_each_round_is_other_traffic_and_begins_when_it_is_asked_to():
    first, second = rounds(2)
    assert first.seed != second.seed
    assert min(parse_time(each.label.start) for each in script_of(first)) >= START_MS


def test_the_policy_is_good_and_its_secrets_are_not_in_it():
    policy = load_policy(POLICY)
    assert policy.mode == "act"
    assert Plan.of(policy).rollups
    assert all(each.key_env.startswith("TIDEGATE_DEMO_") for each in policy.receivers)


def test_every_pilot_has_a_budget_and_is_throttled_by_nobody():
    policy = load_policy(POLICY)
    pilots = {("tenant", f"pilot-{number}") for number in range(1, PILOTS + 1)}
    assert {scope for budget in policy.budgets for scope in budget.scope} == pilots
    assert {scope for each in policy.safety.protected for scope in each} == pilots


def test_the_policy_has_a_remedy_for_each_fault_that_needs_one():
    policy = load_policy(POLICY)
    wanted = {kind for kind, steps in STEPS.items() if {Step.THROTTLED, Step.ROLLED_BACK} & set(steps)}
    assert set(policy.remedies) == wanted
    assert {each.service for each in rollouts(packaged_scenario())} == set(policy.canary.targets)
