import time
from collections.abc import AsyncIterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.decision import Action, Decision
from actions.http_client import Deadlines, HttpClient
from actions.pagerduty import PagerDuty, meaning
from actions.pagerduty_event import EVENT_BYTES, encode_event, event_of, minimal_event
from actions.sink import Effect, Word
from actions.token_bucket import TokenBucket
from streams.demo.misbehaviour import Fault
from streams.demo.pagerduty_server import Pager, errors_of, pagerduty_app
from streams.demo.serving import serving
from tests.actions.builders import NOW_MS, ROUTING_KEY, decision, endpoint

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = [
    "title",
    "summary",
    "severity",
    "scope",
    "cost_usd",
    "anomalies",
    "suggested_command",
    "event",
    "source",
    "links",
    "client_url",
]


@given(st.dictionaries(st.sampled_from(KEYS), json_values), st.text(max_size=600))
def test_whatever_a_decision_says_its_event_keeps_to_the_contract(params, dedup_key: str):
    page = msgspec.structs.replace(decision(**params), dedup_key=dedup_key)
    for event in (event_of(page), minimal_event(page)):
        body = encode_event({"routing_key": ROUTING_KEY, **event})
        assert errors_of(msgspec.json.decode(body)) == []
        assert len(body) <= EVENT_BYTES


def test_a_trigger_says_what_a_person_needs():
    page = decision(
        title="x", summary="acme spends x10", severity="critical", scope={"tenant": "acme"}, cost_usd="12.5", detector="token_spike"
    )
    event = event_of(page, client_url="https://tidegate.example")
    payload = event["payload"]
    assert (event["event_action"], event["dedup_key"], event["client_url"]) == ("trigger", "incident1", "https://tidegate.example")
    assert (payload["summary"], payload["severity"], payload["group"], payload["class"]) == (
        "acme spends x10",
        "critical",
        "tenant=acme",
        "token_spike",
    )
    assert payload["custom_details"]["cost_usd"] == "12.5"


@pytest.mark.parametrize(
    ("given", "shown"), [("critical", "critical"), ("warning", "warning"), ("fatal", "error"), (None, "error"), (3, "error")]
)
def test_a_severity_that_pagerduty_does_not_know_is_an_error(given, shown: str):
    assert event_of(decision(severity=given))["payload"]["severity"] == shown


def test_details_that_are_too_large_are_replaced_by_a_note_and_the_page_stays():
    body = encode_event(event_of(decision(summary="s", anomalies=["x" * 1000] * 600)))
    event = msgspec.json.decode(body)
    assert len(body) < 2000
    assert "details left out" in event["payload"]["custom_details"]["note"]
    assert event["payload"]["summary"] == "s"


def test_a_resolve_is_a_key_and_nothing_else():
    assert event_of(decision(Action.NOTIFY, event="resolve", title="x")) == {"event_action": "resolve", "dedup_key": "incident1"}


def test_every_status_has_its_meaning():
    by_word = {word: {status for status in range(200, 600) if meaning(status) is word} for word in Word}
    again = {429, *range(500, 600)}
    refused = set(range(300, 500)) - again
    assert by_word == {Word.ACCEPTED: set(range(200, 300)), Word.AGAIN: again, Word.REFUSED: refused, Word.UNKNOWN: set()}


@pytest.fixture
async def pager() -> AsyncIterator[tuple[Pager, PagerDuty]]:
    pager = Pager()
    async with serving(pagerduty_app(pager)) as url, HttpClient(Deadlines(total_s=1.5, read_s=1.0)) as client:
        yield (
            pager,
            PagerDuty(endpoint=endpoint("pager", f"{url}/v2/enqueue", ROUTING_KEY), client=client, monotonic=time.monotonic),
        )


def effect(page: Decision) -> Effect:
    return Effect(decision=page, fence=1, at_ms=NOW_MS)


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (Fault.TOO_MANY, Word.AGAIN),
        (Fault.SERVER_ERROR, Word.AGAIN),
        (Fault.GONE, Word.REFUSED),
        (Fault.REDIRECT, Word.REFUSED),
        (Fault.HANG, Word.UNKNOWN),
        (Fault.CLOSE, Word.UNKNOWN),
        (Fault.SLOW_LORIS, Word.UNKNOWN),
        (Fault.APPLY_THEN_CLOSE, Word.UNKNOWN),
        (Fault.HUGE_BODY, Word.ACCEPTED),
    ],
)
async def test_each_fault_is_understood(pager, fault: Fault, word: Word):
    pager[0].script.then(fault)
    assert (await pager[1].send(effect(decision()))).word is word


async def test_the_wish_of_a_throttling_pager_is_passed_on(pager):
    pager[0].script.retry_after_s = 17
    pager[0].script.then(Fault.TOO_MANY)
    assert (await pager[1].send(effect(decision()))).retry_after_s == 17


async def test_a_second_bad_request_ends_it(pager):
    pager[0].script.always(Fault.BAD_REQUEST)
    answer = await pager[1].send(effect(decision()))
    assert (answer.word, pager[0].calls) == (Word.REFUSED, 2)


async def test_what_the_pager_says_of_a_bad_event_goes_to_the_receipt(pager):
    bad = PagerDuty(
        endpoint=endpoint("pager", pager[1]._endpoint.url, "short-key"), client=pager[1]._client, monotonic=time.monotonic
    )
    answer = await bad.send(effect(decision()))
    assert "'routing_key' is missing" in answer.detail
    assert "short-key" not in answer.detail


async def test_a_hundred_calls_a_minute_are_not_exceeded(pager):
    pager[1]._bucket = TokenBucket(capacity=3, per_minute=1)
    answers = [await pager[1].send(effect(decision())) for _ in range(5)]
    assert pager[0].calls == 3
    assert [answer.attempted for answer in answers] == [True, True, True, False, False]
    assert all(answer.retry_after_s > 0 for answer in answers[3:])


def trigger(key: str, action: str = "trigger") -> dict:
    payload = {"summary": "s", "source": "s", "severity": "error"}
    return {"routing_key": ROUTING_KEY, "event_action": action, "dedup_key": key, "payload": payload}


def test_a_trigger_joins_an_open_alert_and_opens_a_new_one_after_a_resolve():
    pager = Pager()
    for event in (trigger("k"), trigger("k"), trigger("k", "resolve"), trigger("k"), trigger("other", "resolve")):
        pager.apply(event)
    assert [(alert.status, len(alert.events)) for alert in pager.alerts] == [("resolved", 2), ("triggered", 1)]


def test_the_121st_call_of_a_minute_is_one_too_many():
    pager = Pager()
    over = [pager.over_limit(ROUTING_KEY, n * 0.1) for n in range(121)]
    assert (over.count(True), over[-1], pager.over_limit(ROUTING_KEY, 100.0)) == (1, True, False)


@pytest.mark.parametrize(
    "event",
    [
        [],
        {},
        {**trigger("k"), "routing_key": "x"},
        {**trigger("k"), "event_action": "open"},
        {**trigger("k"), "dedup_key": "k" * 256},
        {**trigger("k"), "payload": {"summary": "s" * 1025, "source": "s", "severity": "error"}},
        {**trigger("k"), "payload": {"summary": "s", "source": "", "severity": "fatal"}},
        {"routing_key": ROUTING_KEY, "event_action": "resolve"},
    ],
    ids=["no object", "empty", "key", "action", "dedup key", "summary", "source and severity", "resolve without key"],
)
def test_the_pager_refuses_what_the_contract_forbids(event):
    assert errors_of(event)
