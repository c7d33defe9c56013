import copy
import logging
import pickle
import time
import traceback

import pytest

from actions.http_client import HttpClient
from actions.pagerduty import PagerDuty
from actions.policy.receivers import Receiver
from actions.secret import Secret, SecretMissingError, read_secret
from actions.sinks import open_receivers
from actions.webhook import Webhook
from tests.actions.builders import ACT, ROUTING_KEY, WEBHOOK_SECRET, decision, endpoint, worker

CANARY = "canary-7f3a9c-secret"


def test_no_way_of_printing_shows_it():
    secret = Secret(CANARY)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", "%s" % secret, repr([secret]), repr(endpoint("n", "u", CANARY))]  # noqa: UP031
    assert not any(CANARY in each for each in shown)
    assert secret.reveal() == CANARY


@pytest.mark.parametrize("copying", [pickle.dumps, copy.deepcopy])
def test_it_is_not_copied_to_where_nobody_looks(copying):
    with pytest.raises(TypeError):
        copying(Secret(CANARY))


def test_it_comes_from_a_variable_or_a_file_without_white_space(tmp_path):
    (tmp_path / "key").write_text(f"  {CANARY}\n")
    assert read_secret(env="KEY", environ={"KEY": CANARY}).matches(CANARY)
    assert read_secret(file=str(tmp_path / "key"), environ={}).matches(CANARY)


@pytest.mark.parametrize("content", [None, b"", b"   ", b"\xff" + CANARY.encode(), CANARY.encode() * 1000])
def test_a_missing_or_wrong_file_is_named_and_not_quoted(tmp_path, content):
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(SecretMissingError) as caught:
        read_secret(file=str(tmp_path / "key"), environ={})
    assert str(tmp_path / "key") in str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_missing_variable_is_named():
    with pytest.raises(SecretMissingError, match="variable PAGER_KEY"):
        read_secret(env="PAGER_KEY", environ={})


async def test_no_secret_is_in_receipts_or_logs_when_everything_fails(caplog):
    caplog.set_level(logging.DEBUG)
    async with HttpClient() as client:
        duty = PagerDuty(
            endpoint=endpoint("pager", "http://127.0.0.1:9/" + CANARY, ROUTING_KEY), client=client, monotonic=time.monotonic
        )
        one = worker({"pager": duty}, world=lambda _: ACT)
        await one.performer.propose([decision()])
        for _ in range(3):
            one.performer._pages._start_due()
            for task in list(one.performer._pages._tasks):
                await task
    said = caplog.text + repr(one.performer._pages.__dict__) + repr(one.performer._log.records)
    assert ROUTING_KEY not in said
    assert CANARY not in said


async def test_the_receivers_of_a_policy_are_opened_with_their_keys():
    receivers = [
        Receiver(name="pager", type="pagerduty", key_env="PD"),
        Receiver(name="hook", type="webhook", url="https://hooks.example/x", key_env="WH"),
    ]
    async with HttpClient() as client:
        opened = open_receivers(
            receivers, client=client, environ={"PD": ROUTING_KEY, "WH": WEBHOOK_SECRET}, monotonic=time.monotonic
        )
    assert {name: type(sink) for name, sink in opened.items()} == {"pager": PagerDuty, "hook": Webhook}
