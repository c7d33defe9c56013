import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from actions.api import Role, Status
from actions.api.limits import BODY_BYTES, LOOPBACK_HOSTS
from actions.control import ControlKind
from actions.quotas import Quota
from detectors.anomaly import CanaryVerdict
from tests.actions.api_server import TOKENS, Known, api, bearer, incident

OPEN = ["/healthz", "/readyz", "/metrics"]
READS = ["/", *(f"/api/v1/{name}" for name in ("incidents", "decisions", "throttles", "budgets", "overrides", "scopes", "status"))]
READS += ["/api/v1/quotas/global", "/api/v1/verdicts/router/v2"]
CHANGES = {
    "/api/v1/freeze": {},
    "/api/v1/unfreeze": {},
    "/api/v1/lift": {"scope": "tenant=acme"},
    "/api/v1/approve": {"decision_id": "d1"},
    "/api/v1/refuse": {"decision_id": "d1"},
}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def got(http, url: str, **more) -> tuple[int, object]:
    async with http.get(URL(url, encoded=True), **more) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if answer.content_type == "application/json" else text


@pytest.mark.parametrize("text", ["tenant=acme", "tenant=R%26D%2C%20core", "env=prod,team=a%2Fb", "tenant=100%25", "global"])
@pytest.mark.parametrize("encode", [lambda t: t, lambda t: quote(t, safe="")], ids=["as it is", "encoded once more"])
async def test_a_quota_is_found_by_its_scope_text(http, text: str, encode):
    view = Known(quotas={text: Quota(scope=text, level=2, factor=0.25, until="2023-11-14T22:28:20Z", decision_id="d", fence=7)})
    async with api(view) as url:
        status, body = await got(http, f"{url}/api/v1/quotas/{encode(text)}")
    assert (status, body["scope"], body["level"]) == (200, text, 2)
    assert list(body) == ["scope", "level", "factor", "limit", "until", "decision_id", "fence"]


async def test_a_scope_without_a_throttle_has_level_0(http):
    expected = {"scope": "tenant=new", "level": 0, "factor": 1.0, "limit": None, "until": None, "decision_id": None, "fence": 0}
    async with api(Known()) as url:
        assert await got(http, f"{url}/api/v1/quotas/tenant=new") == (200, expected)


@pytest.mark.parametrize("text", ["nonsense", "tenant=", "tenant=a,tenant=b", "tenant%3D%FF"])
async def test_what_is_no_scope_is_a_bad_request(http, text: str):
    async with api(Known()) as url:
        assert (await got(http, f"{url}/api/v1/quotas/{text}"))[0] == 400


async def test_a_verdict_is_always_200(http):
    verdict = CanaryVerdict(service="a/b", release="v 2", verdict="fail", evidence={"ratio": 2.0})
    async with api(Known(verdicts={("a/b", "v 2"): verdict})) as url:
        assert await got(http, f"{url}/api/v1/verdicts/a%2Fb/v%202") == (200, {"verdict": "fail", "evidence": {"ratio": 2.0}})
        assert await got(http, f"{url}/api/v1/verdicts/a/v9") == (200, {"verdict": "insufficient_data", "evidence": {}})


async def test_lists_are_arrays_of_the_objects_themselves(http):
    view = Known(
        incident_list=[incident("i2"), incident("i1", resolved="2023-11-14T23:00:00Z")], lists={"budgets": [{"name": "b"}]}
    )
    async with api(view) as url:
        assert [each["id"] for each in (await got(http, f"{url}/api/v1/incidents"))[1]] == ["i2", "i1"]
        assert [each["id"] for each in (await got(http, f"{url}/api/v1/incidents?open=true"))[1]] == ["i2"]
        assert len((await got(http, f"{url}/api/v1/incidents?limit=1"))[1]) == 1
        assert await got(http, f"{url}/api/v1/budgets") == (200, [{"name": "b"}])


async def test_readiness_waits_for_the_state(http):
    view = Known(restored=False)
    async with api(view) as url:
        assert (await got(http, f"{url}/readyz"))[0] == 503
        view.restored = True
        assert (await got(http, f"{url}/readyz"))[0] == 200
        assert (await got(http, f"{url}/healthz"))[0] == 200
        view.failing = ["the loop stalls"]
        assert (await got(http, f"{url}/healthz"))[0] == 503


async def test_metrics_are_prometheus_text(http):
    async with api(Known()) as url, http.get(f"{url}/metrics") as answer:
        assert "tidegate_records_total 3.0" in await answer.text()
        assert answer.headers["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize("path", READS)
async def test_off_loopback_reads_need_a_token(http, path: str):
    async with api(Known(), open_reads=False) as url:
        assert (await got(http, url + path))[0] == 401
        assert (await got(http, url + path, headers=bearer(Role.VIEW)))[0] == 200


@pytest.mark.parametrize("path", OPEN)
async def test_probes_and_metrics_need_no_token(http, path: str):
    async with api(Known(), open_reads=False) as url:
        assert (await got(http, url + path))[0] == 200


@pytest.mark.parametrize("path", CHANGES)
async def test_changes_need_the_role_operate_also_on_loopback(http, path: str):
    view = Known()
    async with api(view) as url:
        for headers, expected in [({}, 401), ({"Authorization": "Bearer wrong"}, 401), (bearer(Role.VIEW), 403)]:
            async with http.post(url + path, json=CHANGES[path], headers=headers) as answer:
                assert answer.status == expected
        assert view.asked == []
        for role in (Role.OPERATE, Role.OVERRIDE):
            async with http.post(url + path, json=CHANGES[path], headers=bearer(role)) as answer:
                assert answer.status == 200
    assert [by for _, by, _ in view.asked] == ["operate-person", "override-person"]


async def test_a_basic_password_reads_the_console_and_changes_nothing(http):
    basic = aiohttp.encode_basic_auth("me", TOKENS[Role.OPERATE])
    async with api(Known(), open_reads=False) as url:
        assert (await got(http, url + "/", headers={"Authorization": basic}))[0] == 200
        async with http.post(f"{url}/api/v1/freeze", json={}, headers={"Authorization": basic}) as answer:
            assert answer.status == 401


async def test_a_lift_names_its_scope_in_canonical_form(http):
    view = Known()
    async with api(view) as url:
        for scope, status in [("team=x,env=prod", 200), ("*", 422), ("", 422)]:
            async with http.post(
                f"{url}/api/v1/lift", json={"scope": scope, "reason": "ok"}, headers=bearer(Role.OPERATE)
            ) as answer:
                assert answer.status == status
    assert view.asked == [(ControlKind.LIFT, "operate-person", {"reason": "ok", "scope": "env=prod,team=x"})]


async def test_a_freeze_that_cannot_be_written_down_is_no_freeze(http):
    async with api(Known(writable=False)) as url, http.post(f"{url}/api/v1/freeze", headers=bearer(Role.OPERATE)) as answer:
        assert answer.status == 503


async def test_wrong_tries_are_limited_reported_and_lock_nobody_out(http):
    denied = []
    settings = {"auth": {"on_denied": lambda *what: denied.append(what), "monotonic": lambda: 0.0}}
    view = Known()
    async with api(view, **settings) as url:
        statuses = []
        for n in range(15):
            async with http.post(f"{url}/api/v1/freeze", json={}, headers={"Authorization": f"Bearer guess-{n}"}) as answer:
                statuses.append(answer.status)
        async with http.post(f"{url}/api/v1/freeze", json={}, headers=bearer(Role.OPERATE)) as answer:
            assert answer.status == 200
    assert statuses == [401] * 10 + [429] * 5
    assert denied[-1] == ("127.0.0.1", "/api/v1/freeze", 429)


@pytest.mark.parametrize("declared", [True, False], ids=["with its length", "in chunks"])
async def test_a_huge_body_is_refused(http, declared: bool):
    async def chunks():
        for _ in range(64):
            yield b" " * 4096

    data = b" " * (BODY_BYTES + 1) if declared else chunks()
    async with api(Known()) as url, http.post(f"{url}/api/v1/freeze", data=data, headers=bearer(Role.OPERATE)) as answer:
        assert answer.status == 413


async def test_a_host_that_is_not_ours_is_refused(http):
    async with api(Known(), hosts=LOOPBACK_HOSTS) as url:
        assert (await got(http, f"{url}/api/v1/incidents", headers={"Host": "evil.example"}))[0] == 421
        assert (await got(http, f"{url}/api/v1/incidents", headers={"Host": "localhost:8085"}))[0] == 200


async def test_a_slow_body_holds_up_nobody_else(http):
    async with api(Known()) as url:
        parts = URL(url)
        _, writer = await asyncio.open_connection(parts.host, parts.port)
        writer.write(b"POST /api/v1/freeze HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        async with asyncio.timeout(2):
            assert (await got(http, f"{url}/healthz"))[0] == 200
        writer.close()
        await writer.wait_closed()


async def test_the_console_escapes_all_that_comes_from_outside(http):
    evil = "<script>alert(1)</script>\"'&"
    budgets = [{"name": evil, "scope": {"tenant": evil}, "spent_usd": "1", "amount_usd": "2"}]
    decisions = [{"ts": "t", "action": "page", "target": evil, "reason": evil, "receipt": {"outcome": evil, "reason": evil}}]
    view = Known(
        incident_list=[incident(title=evil)], lists={"budgets": budgets, "decisions": decisions}, state=Status(frozen=evil)
    )
    async with api(view) as url, http.get(url + "/") as answer:
        text = await answer.text()
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 6
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "http://" not in text
    assert "https://" not in text


async def test_every_answer_is_careful_and_none_invites_other_pages(http):
    async with api(Known()) as url:
        for path in [*OPEN, *READS, "/nowhere"]:
            async with http.get(url + path, headers={"Origin": "https://evil.example"}) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc", "/api/v1/secrets", "/api/v1/quotas", "/../etc/passwd"])
async def test_nothing_else_is_served(http, path: str):
    async with api(Known()) as url:
        assert (await got(http, url + path))[0] == 404
