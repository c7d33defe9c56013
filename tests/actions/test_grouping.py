from hypothesis import given, settings
from hypothesis import strategies as st

from actions.grouping import UNTIED, Bond, cause_first, nearest_to_cause, tie
from actions.lasting import Lasting
from actions.trace import Trace
from tests.actions.said import anomaly, by_provider
from tests.actions.stories import CHANGES, DETECTORS, LEADERS, SCOPES


@st.composite
def anomalies(draw):
    return anomaly(
        draw(st.sampled_from(DETECTORS)),
        draw(st.sampled_from(SCOPES)),
        window=draw(st.integers(0, 30)),
        severity=draw(st.sampled_from(("warning", "error"))),
        suspected_change=draw(st.sampled_from(CHANGES)),
        contributors=draw(st.sampled_from(LEADERS)),
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(anomalies(), max_size=12), anomalies())
def test_the_index_finds_every_tie_and_no_other(old, new):
    lasting = Lasting()
    for i, each in enumerate(old):
        lasting.put(str(i), Trace.of(each), f"incident {i}")
    ties = {f"incident {i}": tie(Trace.of(new), Trace.of(each)) for i, each in enumerate(old)}
    assert lasting.ties(Trace.of(new)) == {key: each for key, each in ties.items() if each != UNTIED}


@settings(max_examples=100, deadline=None)
@given(st.lists(anomalies(), max_size=8, unique_by=lambda each: (each.detector, str(each.scope))), st.randoms())
def test_anomalies_are_taken_in_one_order_however_they_come(given_order, random):
    shuffled = list(given_order)
    random.shuffle(shuffled)
    assert cause_first(shuffled) == cause_first(given_order)


def test_an_ended_episode_ties_nothing():
    lasting = Lasting()
    lasting.put("a", Trace.of(anomaly("token_spike", "tenant=a")), "i")
    lasting.drop("a")
    assert lasting.ties(Trace.of(anomaly("cost_spike", "tenant=a"))) == {}
    assert lasting.home("a") is None


def test_a_suspected_cause_is_stronger_than_a_scope_and_that_than_a_contributor():
    new = Trace.of(anomaly("retry_storm", "tenant=a", suspected_change=by_provider("p"), contributors=[("model=m", 0.9)]))
    others = [anomaly("retry_storm", "provider=p"), anomaly("cost_spike", "tenant=a"), anomaly("cost_spike", "model=m")]
    assert [tie(new, Trace.of(each)).bond for each in others] == [Bond.CAUSE, Bond.SCOPE, Bond.CONTRIBUTOR]


def test_an_overflow_scope_and_a_release_number_alone_identify_nobody():
    one, other = anomaly("token_spike", "tenant=other"), anomaly("cost_spike", "tenant=other")
    two, three = (anomaly("canary_regression", f"release=v1,service={name}") for name in "ab")
    assert tie(Trace.of(one), Trace.of(other)) == tie(Trace.of(two), Trace.of(three)) == UNTIED


def test_a_quiet_anomaly_names_no_loud_incident():
    quiet = anomaly("retry_storm", "provider=p", severity="warning", suspected_change=by_provider("p"))
    loud = anomaly("token_spike", "tenant=a")
    assert nearest_to_cause([quiet, loud]) == loud


def test_evidence_of_another_form_names_no_contributor():
    odd = anomaly("token_spike", "tenant=a", evidence={"contributors": ["acme", {"scope": "x", "share": 1}, {"scope": {"a": "b"}}]})
    assert Trace.of(odd).leaders == ()
