"""A pager and a gateway on loopback that keep to their contracts, can be told to fail, and remember all that took effect."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from streams.demo.gateway import Gateway, gateway_app
from streams.demo.misbehaviour import Fault
from streams.demo.pagerduty_server import Pager, pagerduty_app
from streams.demo.serving import serving
from tests.faults.policy import service
from tests.kafka.receivers import KEY


@dataclass(slots=True)
class Witnesses:
    """What the outside world has seen."""

    pager: Pager = field(default_factory=lambda: Pager(calls_per_minute=10_000))
    gateway: Gateway = field(default_factory=Gateway)
    pager_url: str = ""
    gateway_url: str = ""

    def fail(self, fault: Fault | None) -> None:
        """Let every request go wrong like this from now on; None makes all well again."""
        self.pager.script.always(fault)
        self.gateway.script.always(fault)

    @property
    def keys(self) -> set[str]:
        """Dedup keys of all that the pager has accepted."""
        return {each["dedup_key"] for each in self.pager.accepted}

    @property
    def messages(self) -> set[str]:
        """Ids of all that the gateway has got."""
        return {message_id for message_id, _ in self.gateway.received}

    @property
    def repeated(self) -> int:
        """Deliveries under a key that had its effect: allowed, and counted apart from effects."""
        hooks = Counter(message_id for message_id, _ in self.gateway.received)
        pages = Counter(_page_id(each) for each in self.pager.accepted)
        return sum((hooks + pages).values()) - len(hooks) - len(pages)

    def twice(self) -> list[str]:
        """Effects that were there twice, whatever ids they came under."""
        alerts = Counter(each.dedup_key for each in self.pager.alerts)
        rollbacks = Counter(f"{each['service']} {each['release']}" for each in self.gateway.rollbacks)
        hooks = self.gateway.effects
        found = {"alert": alerts, "rollback": rollbacks, "message": hooks}
        return [f"{what} {name} x {count}" for what, counts in found.items() for name, count in counts.items() if count > 1]

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with (
            serving(pagerduty_app(self.pager)) as self.pager_url,
            serving(gateway_app(self.gateway, KEY)) as self.gateway_url,
        ):
            yield


def _page_id(event: dict[str, Any]) -> str:
    details = event.get("payload", {}).get("custom_details", {})
    return f"{event['event_action']} {event['dedup_key']} {details.get('decision_id', '')}"


@contextlib.contextmanager
def witnesses(canaries: int) -> Iterator[Witnesses]:
    """Witnesses of so many canaries that listen while the block runs, in a thread of their own."""
    gateway = Gateway(live={service(i): "v2" for i in range(canaries)})
    seen, ready, loop, stop = Witnesses(gateway=gateway), threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def live() -> None:
        async with seen.serving():
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),), name="witnesses")
    thread.start()
    assert ready.wait(10)
    try:
        yield seen
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
