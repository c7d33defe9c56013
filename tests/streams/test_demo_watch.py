import pytest

from streams.demo.gateway import Message
from streams.demo.receivers import Receivers
from streams.demo.script import Step
from streams.demo.watch import Case, complaints
from tests.streams.demo_looks import alert, anomaly, found, incident, look, scripted, served, throttle


def test_an_incident_is_found_when_an_anomaly_of_its_kind_and_scope_is_in_one():
    case = Case(scripted())
    assert case.take(look(18.5, **found())) == [Step.FOUND]
    assert case.marks == {Step.FOUND: 18.5}
    assert case.cost_usd == "12.5"


@pytest.mark.parametrize(
    "answers",
    [
        found("cost_spike"),
        found(tenant="globex"),
        found(feature="search"),
        {"anomalies": [anomaly()], "incidents": []},
        {"anomalies": [anomaly(ends_s=-10)], "incidents": [incident("token_spike-1")]},
    ],
    ids=["another kind", "another tenant", "another dimension", "no incident", "before the fault"],
)
def test_what_is_not_the_scripted_fault_does_not_count(answers):
    assert Case(scripted()).take(look(20, **answers)) == []


def test_a_page_counts_only_under_the_key_of_the_incident():
    receivers = Receivers()
    case = Case(scripted("budget_burn", tenant="pilot-1"))
    answers = found("budget_burn", tenant="pilot-1")
    receivers.pager.alerts.append(alert(dedup_key="another"))
    assert case.take(look(20, receivers, **answers)) == [Step.FOUND]
    receivers.pager.alerts.append(alert())
    assert case.take(look(21, receivers, **answers)) == [Step.PAGED]


def test_an_incident_is_resolved_when_the_pager_says_so_too():
    receivers = Receivers()
    receivers.pager.alerts.append(alert())
    case = Case(scripted("budget_burn", tenant="pilot-1"))
    answers = found("budget_burn", resolved="2026-03-02T00:01:00Z", tenant="pilot-1")
    assert Step.RESOLVED not in case.take(look(60, receivers, **answers))
    receivers.pager.alerts[0].status = "resolved"
    assert case.take(look(61, receivers, **answers)) == [Step.RESOLVED]
    assert case.done


def test_traffic_is_reduced_when_the_gateway_really_serves_less():
    receivers, meter = Receivers(), served(*((second, 10) for second in range(25)), *((second, 4) for second in range(25, 40)))
    throttle(receivers, 2)
    case = Case(scripted())
    assert Step.THROTTLED in case.take(look(25, receivers, meter))
    assert Step.REDUCED not in case.take(look(30, receivers, meter))
    assert Step.REDUCED in case.take(look(35, receivers, meter))


def test_a_throttle_that_reduces_nothing_is_noticed():
    receivers, meter = Receivers(), served(*((second, 10) for second in range(90)))
    throttle(receivers, 2)
    case = Case(scripted())
    for after_s in (25, 35, 60):
        case.take(look(after_s, receivers, meter))
    assert Step.REDUCED in case.missing


def test_less_traffic_because_the_fault_is_over_is_no_reduction():
    receivers, meter = Receivers(), served(*((second, 10) for second in range(100)), *((second, 1) for second in range(100, 130)))
    throttle(receivers, 2)
    case = Case(scripted())
    case.take(look(97, receivers, meter))
    case.take(look(125, receivers, meter))
    assert Step.REDUCED in case.missing


def test_a_throttle_is_lifted_by_a_lift():
    receivers = Receivers()
    case = Case(scripted())
    throttle(receivers, 2, fence=1)
    assert Step.LIFTED not in case.take(look(30, receivers))
    throttle(receivers, 0, fence=2)
    assert case.take(look(90, receivers)) == [Step.LIFTED]


def test_no_throttle_was_lifted_where_none_was():
    receivers = Receivers()
    throttle(receivers, 0)
    assert Case(scripted()).take(look(30, receivers)) == []


CANARY = {"service": "chat-api", "release": "v2"}


def canary_at(after_s, rollbacks, last_record_s=30):
    meter = served()
    meter.count([b'{"cohort":"canary","service":"chat-api","release":"v2"}'], look(last_record_s).at_ms)
    receivers = Receivers()
    receivers.gateway.rollbacks += [CANARY] * rollbacks
    case = Case(scripted("canary_regression", **CANARY))
    case.take(look(after_s, receivers, meter))
    return case


def test_a_rollback_counts_when_the_canary_serves_nobody_any_more():
    assert Step.ROLLED_BACK in canary_at(40, 1).marks
    assert Step.ROLLED_BACK in canary_at(31, 1).missing
    assert Step.ROLLED_BACK in canary_at(40, 0).missing


def test_two_rollbacks_are_one_too_many():
    case = canary_at(40, 2)
    assert Step.ROLLED_BACK in case.missing
    assert case.problems == ["rolled back 2 times"]


def test_a_canary_that_ended_by_itself_was_not_rolled_back():
    assert Step.ROLLED_BACK in canary_at(130, 1, last_record_s=99).missing


def test_a_ticket_counts_for_its_incident():
    receivers = Receivers()
    case = Case(scripted("unknown_price", tenant="hooli", model="newcomer-1"))
    answers = found("unknown_price", model="newcomer-1")
    receivers.tickets.take("1", Message(type="tidegate.ticket", timestamp="", data={"incident_id": "another"}))
    assert case.take(look(20, receivers, **answers)) == [Step.FOUND]
    receivers.tickets.take("2", Message(type="tidegate.ticket", timestamp="", data={"incident_id": "i-1"}))
    assert case.take(look(21, receivers, **answers)) == [Step.TICKETED]


def test_the_complaint_says_what_is_missing():
    case = Case(scripted("budget_burn", tenant="pilot-1"))
    case.take(look(20, **found("budget_burn", tenant="pilot-1")))
    assert complaints([case]) == ["budget_burn tenant=pilot-1: not paged, not resolved"]
