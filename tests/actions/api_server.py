"""A view made of plain values, and the application in front of it on a real port."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry, Counter

from actions.api import Auth, ControlUnavailableError, Role, Status, Token, create_app
from actions.control import ControlKind
from actions.incident import Incident
from actions.quotas import Quota
from actions.secret import Secret
from detectors.anomaly import CanaryVerdict, Severity

TOKENS = {role: f"{role.value}-token-0123456789" for role in Role}


def incident(id: str = "i1", title: str = "token spike", resolved: str | None = None) -> Incident:  # noqa: A002
    return Incident(
        id=id,
        title=title,
        severity=Severity.CRITICAL,
        scope={"tenant": "acme"},
        opened="2023-11-14T22:13:20Z",
        resolved=resolved,
        anomaly_ids=("a1",),
        paged=True,
        cost_usd="12.5",
    )


@dataclass
class Known:
    """A view of values."""

    incident_list: list[Incident] = field(default_factory=list)
    quotas: dict[str, Quota] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], CanaryVerdict] = field(default_factory=dict)
    state: Status = field(default_factory=Status)
    restored: bool = True
    failing: list[str] = field(default_factory=list)
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[ControlKind, str, dict[str, Any]]] = field(default_factory=list)
    writable: bool = True

    def problems(self):
        return self.failing

    def ready(self):
        return self.restored

    def status(self):
        return self.state

    def incidents(self):
        return self.incident_list

    def anomalies(self):
        return self.lists.get("anomalies", [])

    def decisions(self):
        return self.lists.get("decisions", [])

    def throttles(self):
        return list(self.quotas.values())

    def budgets(self):
        return self.lists.get("budgets", [])

    def overrides(self):
        return self.lists.get("overrides", [])

    def scopes(self):
        return self.lists.get("scopes", [])

    def quota(self, scope: str):
        return self.quotas.get(scope, Quota(scope=scope))

    def verdict(self, service: str, release: str):
        return self.verdicts.get((service, release))

    async def control(self, kind: ControlKind, *, by: str, params: Mapping[str, Any]) -> str:
        if not self.writable:
            raise ControlUnavailableError
        self.asked.append((kind, by, dict(params)))
        return f"c{len(self.asked)}"


class QuietServer(uvicorn.Server):
    """Leaves signals to whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield


@asynccontextmanager
async def api(view: Known, *, open_reads: bool = True, **settings: Any) -> AsyncIterator[str]:
    """The address of the application, while it is served."""
    registry = CollectorRegistry()
    Counter("tidegate_records", "Records read.", registry=registry).inc(3)
    tokens = [Token(name=f"{role.value}-person", role=role, secret=Secret(text)) for role, text in TOKENS.items()]
    auth = Auth(tokens, open_reads=open_reads, **settings.pop("auth", {}))
    app = create_app(view, auth=auth, metrics_registry=registry, **settings)
    server = QuietServer(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def bearer(role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[role]}"}
