"""Local receivers in a thread: the pager of the published contract, and a webhook that keeps what it was sent."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

from streams.demo.pagerduty_server import Pager, pagerduty_app
from streams.demo.serving import serving

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
SECRETS = {"PD_KEY": ROUTING_KEY, "HOOK_KEY": KEY}


@dataclass(slots=True)
class Receivers:
    """What was received."""

    pager: Pager = field(default_factory=Pager)
    pager_url: str = ""
    hook_url: str = ""
    hooked: list[dict[str, Any]] = field(default_factory=list)

    def policy_lines(self) -> str:
        return f"""
receivers:
  - {{name: oncall, type: pagerduty, url: "{self.pager_url}/v2/enqueue", key_env: PD_KEY, allow_insecure: true}}
  - {{name: rollouts, type: webhook, url: "{self.hook_url}/hook", key_env: HOOK_KEY, allow_insecure: true}}
routes: [{{severity: error, to: oncall}}]
"""

    def said(self) -> list[str]:
        return [event["event_action"] for event in self.pager.accepted]

    async def take(self, request: web.Request) -> web.Response:
        """A webhook whose signature has to be right."""
        body = await request.read()
        Webhook(KEY).verify(body, dict(request.headers))
        self.hooked.append(json.loads(body))
        return web.json_response({"ok": True})

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        hook = web.Application()
        hook.add_routes([web.post("/hook", self.take)])
        async with serving(pagerduty_app(self.pager)) as self.pager_url, serving(hook) as self.hook_url:
            yield


@contextlib.contextmanager
def receivers(pager: Pager | None = None) -> Iterator[Receivers]:
    """Receivers that listen while the block runs."""
    received, ready, loop = Receivers(pager or Pager()), threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def live() -> None:
        async with received.serving():
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield received
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
