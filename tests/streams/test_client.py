import asyncio

import pytest

from actions.api.auth import Role
from streams.client import Client, ServiceError
from streams.errors import WrongUseError
from tests.actions.api_server import Known, api, bearer, incident


async def ask(url, method, *arguments, token=None):
    return await asyncio.to_thread(getattr(Client(url, token), method), *arguments)


async def test_it_reads_what_the_api_says():
    async with api(Known(incident_list=[incident("i1")])) as url:
        found = await ask(url, "get", "incidents?open=true")
    assert [each["id"] for each in found] == ["i1"]


async def test_it_asks_with_a_token_and_says_when_one_is_needed():
    token = bearer(Role.OPERATE)["Authorization"].removeprefix("Bearer ")
    async with api(Known()) as url:
        assert (await ask(url, "post", "freeze", {"reason": "x"}, token=token))["kind"] == "freeze"
        with pytest.raises(ServiceError, match="a token is needed"):
            await ask(url, "post", "freeze", {})


async def test_a_refusal_is_one_line_with_its_reason():
    token = bearer(Role.OPERATE)["Authorization"].removeprefix("Bearer ")
    async with api(Known()) as url:
        with pytest.raises(ServiceError, match="422"):
            await ask(url, "post", "lift", {"scope": "nonsense"}, token=token)


def test_nobody_there_is_one_line():
    with pytest.raises(ServiceError, match="does not answer"):
        Client("http://127.0.0.1:1").get("status")


@pytest.mark.parametrize("url", ["localhost:8085", "file:///etc/passwd", "http://"])
def test_what_is_no_http_address_is_refused(url):
    with pytest.raises(WrongUseError, match="--url"):
        Client(url)
