from actions.incidents import ChangeKind, IncidentChange, Incidents
from detectors.anomaly import Judgement, Severity
from tests.actions.said import anomaly, by_provider, crowd, end_text, ended, judgement


def kinds(changes: list[IncidentChange]) -> list[str]:
    return [change.kind.value for change in changes]


def observed(*judgements: Judgement) -> tuple[Incidents, list[IncidentChange]]:
    incidents = Incidents()
    return incidents, [change for each in judgements for change in incidents.observe(each)]


def test_an_anomaly_opens_an_incident_that_says_whom_and_what():
    _, (change,) = observed(judgement(3, anomaly("token_spike", "tenant=acme", window=3)))
    assert change.incident.title == "tenant acme: tokens 9.8x of expected (token_spike)"
    assert (change.incident.opened, change.incident.scope, change.incident.paged) == (end_text(3), {"tenant": "acme"}, True)


def test_a_warning_is_not_paged():
    _, (change,) = observed(judgement(0, anomaly("token_spike", "tenant=acme", severity="warning")))
    assert not change.incident.paged


def test_anomalies_of_one_scope_are_one_incident_and_severity_rises():
    one = anomaly("token_spike", "tenant=acme", severity="warning")
    other = anomaly("retry_storm", "tenant=acme", window=1, severity="critical")
    incidents, changes = observed(judgement(0, one), judgement(1, other))
    assert kinds(changes) == ["opened", "risen"]
    assert (incidents.open[0].severity, len(incidents.open[0].anomaly_ids)) == (Severity.CRITICAL, 2)


def test_env_and_region_do_not_identify():
    anomalies = [anomaly("cost_spike", "env=prod,team=search"), anomaly("cost_spike", "env=prod,team=ads")]
    assert kinds(observed(judgement(0, *anomalies))[1]) == ["opened", "opened"]


def test_everybody_joins_only_everybody():
    anomalies = [anomaly("telemetry_silence", "global"), anomaly("token_spike", "tenant=acme"), anomaly("tag_coverage", "global")]
    assert kinds(observed(judgement(0, *anomalies))[1]) == ["opened", "opened"]


def test_the_tenant_that_is_most_of_a_spike_names_it_in_any_order():
    model = anomaly("token_spike", "model=m", severity="critical", contributors=[("tenant=acme", 0.9), ("tenant=globex", 0.1)])
    tenant = anomaly("token_spike", "tenant=acme", contributors=[("model=m", 1.0)])
    together, _ = observed(judgement(0, model, tenant))
    later, _ = observed(judgement(0, model), judgement(1, tenant))
    assert [each.scope for each in (*together.open, *later.open)] == [{"tenant": "acme"}] * 2


def test_two_tenants_on_one_provider_are_two_incidents():
    provider = anomaly("token_spike", "provider=p", contributors=[("tenant=acme", 0.8)])
    acme = anomaly("token_spike", "tenant=acme", contributors=[("provider=p", 1.0)])
    globex = anomaly("retry_storm", "tenant=globex", window=1, contributors=[("provider=p", 1.0)])
    incidents, _ = observed(judgement(0, provider, acme), judgement(1, globex))
    assert [each.scope for each in incidents.open] == [{"tenant": "acme"}, {"tenant": "globex"}]


def test_a_feature_that_is_everybodys_spike_names_it_before_its_tenants():
    feature = anomaly("token_spike", "feature=chat", contributors=[("tenant=a", 0.3), ("tenant=b", 0.3)])
    tenants = [anomaly("token_spike", f"tenant={name}", contributors=[("feature=chat", 0.9)]) for name in "ab"]
    incidents, _ = observed(judgement(0, feature, *tenants))
    assert [each.scope for each in incidents.open] == [{"feature": "chat"}]


def test_a_release_is_one_cause():
    change = {"kind": "release", "service": "chat", "release": "v2"}
    canary = anomaly("canary_regression", "release=v2,service=chat", suspected_change=change)
    tenant = anomaly("cost_spike", "tenant=acme", suspected_change=change)
    incidents, _ = observed(judgement(0, tenant, canary))
    assert incidents.open[0].scope == {"release": "v2", "service": "chat"}


def test_a_providers_fault_and_its_tenants_in_one_window_are_one_page():
    tenants = [anomaly("retry_storm", f"tenant=t{i}", suspected_change=by_provider("p")) for i in range(9)]
    provider = anomaly("retry_storm", "provider=p", suspected_change=by_provider("p"))
    incidents, changes = observed(judgement(0, *tenants, provider))
    assert kinds(changes) == ["opened"]
    assert incidents.open[0].title.startswith("provider p: ")


def test_a_provider_that_is_found_later_takes_over_the_first_tenants_incident_and_absorbs_the_others():
    tenants = [anomaly("retry_storm", f"tenant=t{i}", contributors=[("provider=p", 1.0)]) for i in range(3)]
    provider = anomaly("retry_storm", "provider=p", window=1, suspected_change=by_provider("p"))
    incidents, changes = observed(judgement(0, *tenants), judgement(1, provider))
    assert kinds(changes) == ["opened"] * 3 + ["joined", "resolved", "resolved"]
    assert {change.absorbed_by for change in changes[4:]} == {incidents.open[0].id}
    assert (incidents.open[0].scope, len(incidents.open[0].anomaly_ids)) == ({"provider": "p"}, 4)


def test_a_client_that_storms_while_its_provider_is_well_is_its_own_incident():
    provider = anomaly("retry_storm", "provider=p", suspected_change=by_provider("p"), contributors=[("tenant=a", 0.4)])
    client = anomaly("retry_storm", "tenant=b", suspected_change={"kind": "client"}, contributors=[("provider=q", 1.0)])
    assert kinds(observed(judgement(0, provider, client))[1]) == ["opened", "opened"]


def test_an_incident_is_resolved_when_all_its_episodes_have_ended():
    one, other = anomaly("token_spike", "tenant=acme"), anomaly("retry_storm", "tenant=acme")
    incidents, changes = observed(
        judgement(0, one, other),
        judgement(1, ended("token_spike", "tenant=acme", cost_usd="12.5")),
        judgement(2, ended("retry_storm", "tenant=acme", cost_usd="3")),
    )
    assert kinds(changes) == ["opened", "updated", "resolved"]
    assert (changes[-1].incident.resolved, changes[-1].incident.cost_usd, incidents.open) == (end_text(2), "12.5", ())


def test_what_returns_after_it_was_resolved_is_a_new_incident():
    _, changes = observed(
        judgement(0, anomaly("token_spike", "tenant=acme")),
        judgement(9, ended("token_spike", "tenant=acme")),
        judgement(10, anomaly("token_spike", "tenant=acme", window=10)),
    )
    assert kinds(changes) == ["opened", "resolved", "opened"]
    assert changes[0].incident.id != changes[2].incident.id


def test_a_new_fault_while_a_budget_is_spent_is_a_new_incident():
    budget = anomaly("budget_threshold", "tenant=acme", severity="critical")
    _, changes = observed(judgement(0, budget), judgement(13, anomaly("token_spike", "tenant=acme", window=13)))
    assert kinds(changes) == ["opened", "opened"]


def test_a_fault_that_a_budget_sees_first_is_one_incident():
    burn = anomaly("budget_burn", "tenant=acme", severity="critical")
    _, changes = observed(judgement(0, burn), judgement(12, anomaly("token_spike", "tenant=acme", window=12)))
    assert kinds(changes) == ["opened", "joined"]


def test_of_two_incidents_an_anomaly_joins_the_one_that_explains_more_of_it():
    release = anomaly("canary_regression", "release=v7,service=search")
    price = anomaly("unknown_price", "model=new", severity="warning")
    spike = anomaly("cost_spike", "tenant=acme", window=1, contributors=[("model=new", 0.8), ("service=search", 0.7)])
    incidents, _ = observed(judgement(0, release, price), judgement(1, spike))
    assert [len(each.anomaly_ids) for each in incidents.open] == [1, 2]


def test_a_budget_that_is_crossed_by_a_spike_joins_it():
    spike = anomaly("token_spike", "tenant=acme")
    budget = anomaly("budget_threshold", "tenant=acme", window=1, severity="warning")
    assert kinds(observed(judgement(0, spike), judgement(1, budget))[1]) == ["opened", "joined"]


def test_a_budget_that_rises_with_a_spike_is_drawn_into_it():
    early = anomaly("budget_threshold", "tenant=acme", severity="warning")
    spike = anomaly("token_spike", "tenant=acme", window=20)
    risen = anomaly("budget_threshold", "tenant=acme", window=22, since=0, severity="error")
    incidents, changes = observed(judgement(0, early), judgement(20, spike), judgement(22, risen))
    assert kinds(changes) == ["opened", "opened", "joined", "resolved"]
    assert changes[-1].absorbed_by == incidents.open[0].id


def test_very_many_tenants_that_alarm_together_are_one_incident():
    anomalies = [anomaly("cost_spike", f"tenant=t{i}") for i in range(30)]
    incidents, changes = observed(judgement(0, *anomalies, **crowd(anomalies, live=80)))
    assert kinds(changes) == ["opened"]
    assert (incidents.open[0].title, incidents.open[0].scope) == ("30 scopes of tenant alarm together (cost_spike)", {})


def test_a_tenth_of_the_tenants_is_no_crowd():
    anomalies = [anomaly("cost_spike", f"tenant=t{i}") for i in range(30)]
    assert len(observed(judgement(0, *anomalies, **crowd(anomalies, live=300)))[1]) == 30


def test_the_order_of_anomalies_in_a_window_does_not_matter():
    anomalies = [anomaly("retry_storm", f"tenant=t{i}", suspected_change=by_provider("p")) for i in range(4)]
    anomalies += [anomaly("token_spike", "model=m", contributors=[("tenant=t1", 0.9)]), anomaly("token_spike", "tenant=t9")]
    one = Judgement(window_start=end_text(-1), window_end=end_text(0), anomalies=tuple(anomalies))
    other = Judgement(window_start=end_text(-1), window_end=end_text(0), anomalies=tuple(reversed(anomalies)))
    assert Incidents().observe(one) == Incidents().observe(other)


def test_of_several_things_in_a_window_the_first_kind_is_told():
    _, changes = observed(
        judgement(0, anomaly("token_spike", "tenant=acme", severity="warning")),
        judgement(1, anomaly("token_spike", "tenant=acme", window=1, since=0), ended("x", "tenant=acme")),
    )
    assert [change.kind for change in changes] == [ChangeKind.OPENED, ChangeKind.RISEN]
