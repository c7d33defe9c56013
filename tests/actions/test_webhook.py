import base64
import time
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Verifier

from actions.decision import Action, Decision, Reason
from actions.http_client import Deadlines, HttpClient
from actions.secret import Secret
from actions.sink import Effect, Word
from actions.webhook import Webhook, meaning
from actions.webhook_message import MESSAGE_BYTES, BadKeyError, check_key, message_of, signed_headers
from detectors.canonical import time_text
from streams.demo.gateway import Gateway, gateway_app
from streams.demo.misbehaviour import Fault
from streams.demo.serving import serving
from tests.actions.builders import NOW_MS, WEBHOOK_SECRET, decision, endpoint, throttle


def effect(made: Decision, fence: int = 5) -> Effect:
    return Effect(decision=made, fence=fence, at_ms=time.time_ns() // 1_000_000)


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[Gateway, Webhook]]:
    gateway = Gateway(live={"router": "v2"}, now_ms=lambda: NOW_MS)
    async with serving(gateway_app(gateway, WEBHOOK_SECRET)) as url, HttpClient(Deadlines(total_s=1.5, read_s=1.0)) as client:
        yield gateway, Webhook(endpoint=endpoint("hook", url + "/"), client=client)


def test_the_signature_is_that_of_the_published_vector():
    headers = signed_headers(Secret(WEBHOOK_SECRET), message_id="msg_1", body=b'{"type":"budget.burn"}', at_ms=1_700_000_000_999)
    assert headers["webhook-signature"] == "v1,PTUj4BBPKmy95tjl5wSolOZMQfeU0O8NL72/OeSdKjg="
    assert headers["webhook-timestamp"] == "1700000000"


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_!!!", "whsec_" + base64.b64encode(b"x" * 23).decode(), "whsec_" + "A" * 400])
def test_a_key_that_cannot_sign_is_refused_without_being_shown(key: str):
    with pytest.raises(BadKeyError) as caught:
        check_key(Secret(key))
    assert not key.removeprefix("whsec_") or key.removeprefix("whsec_") not in str(caught.value)


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=30_000), max_size=4), st.sampled_from(list(Action)))
def test_a_message_is_small_typed_and_verifiable(params, action: Action):
    body = message_of(decision(action, **params) if "id" not in params else decision(action), fence=1)
    assert len(body) <= MESSAGE_BYTES
    headers = signed_headers(Secret(WEBHOOK_SECRET), message_id="m", body=body, at_ms=time.time_ns() // 1_000_000)
    assert set(Verifier(WEBHOOK_SECRET).verify(body, headers)) == {"type", "timestamp", "data"}


def test_a_rollback_names_what_it_accuses():
    back = decision(Action.ROLLBACK, id="r1", service="router", release="v2", baseline="v1")
    message = msgspec.json.decode(message_of(back, fence=5))
    assert message["type"] == "tidegate.rollback"
    assert {key: message["data"][key] for key in ("service", "release", "baseline", "decision_id", "fence")} == {
        "service": "router", "release": "v2", "baseline": "v1", "decision_id": "r1", "fence": 5,
    }  # fmt: skip


def test_every_status_has_its_meaning():
    by_word = {word: {status for status in range(200, 600) if meaning(status) is word} for word in Word}
    again = {408, 425, 429, *range(500, 600)}
    refused = set(range(300, 500)) - again
    assert by_word == {Word.ACCEPTED: set(range(200, 300)), Word.AGAIN: again, Word.REFUSED: refused, Word.UNKNOWN: set()}


async def test_a_throttle_is_read_back(gateway):
    answer = await gateway[1].send(effect(throttle()))
    assert (answer.word, answer.detail) == (Word.ACCEPTED, "HTTP 200; read back: level 2 is in force")


async def test_a_quota_that_was_not_set_although_it_was_taken_is_noticed(gateway):
    gateway[0]._perform = lambda _: (200, "forgotten")
    now = msgspec.structs.replace(throttle(), ts=time_text(time.time_ns() // 1_000_000))
    answer = await gateway[1].send(effect(now))
    assert (answer.word, answer.detail) == (Word.AGAIN, "HTTP 200; read back: level 0 is in force, not 2")


async def test_a_lower_fence_is_refused_for_good(gateway):
    await gateway[1].send(effect(throttle("t2", level=3, factor=0.1), fence=9))
    assert (await gateway[1].send(effect(throttle("t1"), fence=5))).word is Word.REFUSED
    assert gateway[0].quota("tenant=acme").level == 3


async def test_the_same_id_has_one_effect(gateway):
    back = decision(Action.ROLLBACK, id="r1", service="router", release="v2", baseline="v1")
    words = [(await gateway[1].send(effect(back))).word for _ in range(3)]
    assert (words, gateway[0].effects, len(gateway[0].rollbacks)) == ([Word.ACCEPTED] * 3, {"r1": 1}, 1)


async def test_an_effect_can_be_asked_for(gateway):
    back = decision(Action.ROLLBACK, id="r1", service="router", release="v2", baseline="v1")
    assert (await gateway[1].ask(effect(back))).word is Word.AGAIN
    await gateway[1].send(effect(back))
    assert (await gateway[1].ask(effect(back))).word is Word.ACCEPTED


async def test_a_rollback_past_another_release_is_refused(gateway):
    back = decision(Action.ROLLBACK, id="r1", service="router", release="v1", baseline="v0")
    assert (await gateway[1].send(effect(back))).word is Word.REFUSED
    assert gateway[0].live == {"router": "v2"}


async def test_a_receiver_that_is_gone_is_not_called_again(gateway):
    gateway[0].script.then(Fault.GONE)
    words = [(await gateway[1].send(effect(throttle(f"t{n}")))).word for n in range(2)]
    assert (words, gateway[0].received) == ([Word.REFUSED] * 2, [])


async def test_a_wrong_key_is_refused(gateway):
    other = "whsec_" + base64.b64encode(b"y" * 32).decode()
    wrong = Webhook(endpoint=endpoint("hook", gateway[1]._endpoint.url, other), client=gateway[1]._client)
    assert (await wrong.send(effect(throttle()))).word is Word.REFUSED
    assert gateway[0].received == []


async def test_a_receiver_without_reading_back_is_believed():
    async def accepted(_: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.add_routes([web.post("/", accepted)])
    async with serving(app) as url, HttpClient() as client:
        hook = Webhook(endpoint=endpoint("hook", url + "/"), client=client)
        answer = await hook.send(effect(throttle()))
        assert (answer.word, answer.detail) == (Word.ACCEPTED, "HTTP 204; not read back: not offered")
        assert await hook.ask(effect(decision(Action.ROLLBACK))) is None


async def test_scopes_with_strange_values_are_read_back_rightly(gateway):
    strange = msgspec.structs.replace(throttle(), target="tenant=R%26D%2F%25%2C%C3%A9")
    assert (await gateway[1].send(effect(strange))).word is Word.ACCEPTED
    assert gateway[0].share_of({"tenant": "R&D/%,é"}) == 0.25
    assert gateway[0].share_of({"tenant": "acme"}) == 1.0


async def test_a_lift_ends_what_a_throttle_began(gateway):
    await gateway[1].send(effect(throttle(), fence=5))
    lift = decision(Action.LIFT_THROTTLE, id="l1", reason=Reason.RELEASED)
    assert (await gateway[1].send(effect(lift, fence=6))).word is Word.ACCEPTED
    assert gateway[0].share_of({"tenant": "acme"}) == 1.0
