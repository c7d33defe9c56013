import asyncio
import gzip
import time

import pytest
from aiohttp import web

from actions.address import refuse_address, refuse_url
from actions.http_client import REPLY_BYTES, Deadlines, HttpClient, NoReply, Reply, Request
from streams.demo.misbehaviour import Fault, misbehave
from streams.demo.serving import serving

QUICK = Deadlines(total_s=0.4, connect_s=0.3, read_s=0.3)


def app_of(
    fault: Fault | None = None, *, body: bytes = b"", headers: dict[str, str] | None = None, seen: list | None = None
) -> web.Application:
    async def answer(request: web.Request) -> web.StreamResponse:
        if seen is not None:
            seen.append(request.path)
        return await misbehave(request, fault) if fault else web.Response(body=body, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


async def called(
    app: web.Application, *, path: str = "/x", insecure: bool = True, deadlines: Deadlines | None = None
) -> Reply | NoReply:
    async with serving(app) as url, HttpClient(deadlines) as client:
        return await client.call(Request(method="POST", url=url + path, body=b"{}", allow_insecure=insecure))


async def test_redirects_are_not_followed():
    seen: list[str] = []
    reply = await called(app_of(Fault.REDIRECT, seen=seen))
    assert (reply.status, seen) == (307, ["/x"])


async def test_a_huge_answer_is_cut():
    reply = await called(app_of(Fault.HUGE_BODY))
    assert (reply.status, len(reply.body)) == (202, REPLY_BYTES)


async def test_a_compressed_bomb_is_not_unpacked():
    bomb = gzip.compress(bytes(50_000_000))
    reply = await called(app_of(body=bomb, headers={"Content-Encoding": "gzip"}))
    assert reply.body == bomb[:REPLY_BYTES]


@pytest.mark.parametrize("fault", [Fault.SLOW_LORIS, Fault.HANG])
async def test_a_slow_answer_is_given_up_at_the_deadline(fault: Fault):
    began = time.monotonic()
    reply = await called(app_of(fault), deadlines=QUICK)
    assert (reply.sent, time.monotonic() - began < 2) == (True, True)


async def test_nothing_was_sent_to_a_port_that_refuses():
    async with serving(app_of()) as url:
        pass
    async with HttpClient(QUICK) as client:
        reply = await client.call(Request(method="POST", url=url, allow_insecure=True))
    assert (reply.sent, reply.allowed) == (False, True)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await called(app_of(body=b"ok"))).body == b"ok"


async def test_loopback_needs_permission_also_by_another_name():
    seen: list[str] = []
    async with serving(app_of(seen=seen)) as url, HttpClient(QUICK) as client:
        port = url.rpartition(":")[2]
        for host in ("127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "localhost"):
            reply = await client.call(Request(method="POST", url=f"https://{host}:{port}/"))
            assert (reply.sent, reply.allowed) == (False, False)
    assert seen == []


async def test_a_name_that_resolves_to_loopback_is_refused_when_it_is_called(monkeypatch):
    async def rebound(*_args, **_kwargs):
        return [(2, 1, 6, "", ("127.0.0.1", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebound)
    async with HttpClient(QUICK) as client:
        reply = await client.call(Request(method="POST", url="https://hooks.example/x"))
    assert (reply.sent, reply.allowed) == (False, False)


FORBIDDEN = [
    "http://hooks.example/", "file:///etc/passwd", "gopher://hooks.example/", "ftp://hooks.example/", "//hooks.example/",
    "hooks.example", "https://", "https:///x", "https://user@hooks.example/", "https://user:pw@hooks.example/", "https://hooks.example:0/",
    "https://hooks.example:99999/", "https://127.0.0.1/", "https://127.1.2.3/", "https://localhost/", "https://LOCALHOST./",
    "https://a.localhost/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://127.1/", "https://169.254.169.254/latest", "https://[fe80::1]/", "https://[fd00:ec2::254]/", "https://100.100.100.200/",
    "https://[::ffff:169.254.169.254]/", "https://0.0.0.0/", "https://[::]/", "https://224.0.0.1/", "https://[ff02::1]/",
    "https://255.255.255.255/", "https://hooks.example\\@127.0.0.1/", "https://hooks.example/\n", "https:// hooks.example/", "https://[::1",
]  # fmt: skip


@pytest.mark.parametrize("url", FORBIDDEN)
async def test_a_forbidden_address_is_never_called(url: str):
    assert refuse_url(url, allow_insecure=False) is not None
    async with HttpClient(QUICK) as client:
        reply = await client.call(Request(method="POST", url=url))
    assert (reply.sent, reply.allowed) == (False, False)


@pytest.mark.parametrize("url", ["https://169.254.169.254/", "https://[fd00:ec2::254]/", "file:///x", "http://u:p@127.0.0.1/"])
def test_some_addresses_are_forbidden_whatever_the_policy_says(url: str):
    assert refuse_url(url, allow_insecure=True) is not None


@pytest.mark.parametrize(
    "url", ["https://events.pagerduty.com/v2/enqueue", "https://10.1.2.3:8443/x", "https://[fd12::1]/", "https://hooks.internal/"]
)
def test_private_and_public_receivers_are_allowed(url: str):
    assert refuse_url(url, allow_insecure=False) is None


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fd12::1", "2001:db8::1"])
def test_unicast_addresses_are_allowed(address: str):
    assert refuse_address(address, allow_insecure=False) is None or address.startswith("2001:db8")
