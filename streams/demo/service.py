"""A broker, a policy and keys -> the real `tidegate run` as a process of its own, and how it is asked over HTTP."""

import os
import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from streams.demo.processes import Child, free_port

STOP_S = 12.0
"""A worker takes at most 9 s to stop gracefully."""
ANSWER_S = 5.0
_SAMPLE = re.compile(r"^(tidegate_records_total|tidegate_spend_usd_total)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the service says at one moment; None of a figure that it does not give.

    Attributes:
        anomalies, incidents: as the API lists them.
        records: usage records that it has counted.
        spend_usd: dollars that it has counted, assumed ones too.
    """

    ready: bool = False
    catching_up: bool = True
    lag_s: float = 0.0
    records: int = 0
    spend_usd: float = 0.0
    anomalies: Sequence[Mapping[str, Any]] = ()
    incidents: Sequence[Mapping[str, Any]] = ()


class Service:
    """The running service.

    Attributes:
        url: where it answers.
        child: its process.
    """

    def __init__(self, url: str, child: Child, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.child = child
        self._session = session

    async def ask(self) -> Answers:
        """What it says now; empty while it does not answer."""
        try:
            ready = await self._get("/readyz")
            status = await self._get("/api/v1/status")
            metrics = await self._get("/metrics")
            anomalies = await self._get("/api/v1/anomalies")
            incidents = await self._get("/api/v1/incidents")
        except (aiohttp.ClientError, TimeoutError):
            return Answers()
        figures = metric_sums(metrics)
        return Answers(
            ready=bool(ready["ready"]),
            catching_up=bool(status["catching_up"]),
            lag_s=float(status["lag_s"]),
            records=int(figures.get("tidegate_records_total", 0)),
            spend_usd=figures.get("tidegate_spend_usd_total", 0.0),
            anomalies=anomalies,
            incidents=incidents,
        )

    async def _get(self, path: str) -> Any:
        async with self._session.get(self.url + path) as answer:
            return await (answer.text() if path == "/metrics" else answer.json())


def metric_sums(text: str) -> dict[str, float]:
    r"""Records and dollars out of the text of /metrics, summed over labels.

    >>> metric_sums('tidegate_spend_usd_total{model="a"} 1.5\ntidegate_spend_usd_total{model="b"} 2.0\nother 7\n')
    {'tidegate_spend_usd_total': 3.5}
    """
    sums: dict[str, float] = {}
    for name, value in _SAMPLE.findall(text):
        sums[name] = sums.get(name, 0.0) + float(value)
    return sums


@asynccontextmanager
async def service(folder: Path, *, bootstrap: str, keys: Mapping[str, str]) -> AsyncIterator[Service]:
    """Run the service with `folder/policy.yaml` and its log in `folder`; it may not be ready yet."""
    address = f"127.0.0.1:{free_port()}"
    arguments = ["--bootstrap", bootstrap, "--policy", str(folder / "policy.yaml"), "--http", address]
    env = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}
    child = await Child.start(
        "tidegate run", [sys.executable, "-P", "-m", "streams", "run", *arguments], log=folder / "service.log", env={**env, **keys}
    )
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session:
            yield Service(f"http://{address}", child, session)
    finally:
        await child.stop(within_s=STOP_S)
