"""Who is told and who obeys in the demo: a pager, a gateway and a desk for tickets, on loopback, with keys of their own."""

import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from streams.demo.gateway import Gateway, gateway_app
from streams.demo.pagerduty_server import Pager, pagerduty_app
from streams.demo.serving import serving

PAGER, TICKETS, GATEWAY = "http://127.0.0.1:9101", "http://127.0.0.1:9102", "http://127.0.0.1:9103"
"""Their addresses in the policy as it is packaged."""


def _signing_key() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """The three, served.

    Attributes:
        addresses: address in the packaged policy -> address that was got.
        keys: environment variable -> key, as the policy names them.
    """

    pager: Pager = field(default_factory=Pager)
    gateway: Gateway = field(default_factory=Gateway)
    tickets: Gateway = field(default_factory=Gateway)
    keys: Mapping[str, str] = field(
        default_factory=lambda: {
            "TIDEGATE_DEMO_PAGER_KEY": secrets.token_hex(16),
            "TIDEGATE_DEMO_TICKETS_KEY": _signing_key(),
            "TIDEGATE_DEMO_GATEWAY_KEY": _signing_key(),
        }
    )
    addresses: dict[str, str] = field(default_factory=dict)

    def policy(self, text: str) -> str:
        """The packaged policy with the addresses that were got."""
        for packaged, got in self.addresses.items():
            text = text.replace(packaged, got)
        return text


@asynccontextmanager
async def receiving() -> AsyncIterator[Receivers]:
    """Serve them on free ports."""
    its = Receivers()
    tickets_key, gateway_key = its.keys["TIDEGATE_DEMO_TICKETS_KEY"], its.keys["TIDEGATE_DEMO_GATEWAY_KEY"]
    async with (
        serving(pagerduty_app(its.pager)) as pager,
        serving(gateway_app(its.tickets, tickets_key)) as tickets,
        serving(gateway_app(its.gateway, gateway_key)) as gateway,
    ):
        its.addresses.update({PAGER: pager, TICKETS: tickets, GATEWAY: gateway})
        yield its
