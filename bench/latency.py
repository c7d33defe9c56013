"""Live telemetry with many spikes on a real Apache Kafka -> how long from a window's end to its anomaly, and to its page.

    python -m bench.latency [--scopes 20000] [--records-per-s 20000] [--warm 420] [--spikes 150] [--ingest 2 | --together]

bench.live sends the telemetry of so many scopes, all partitions busy: each tenant is two, itself and with its provider. Workers of
`tidegate run`, two that ingest and one that detects and acts (or one in all roles, `--together`), judge them in real time and page
a local server that keeps to PagerDuty's published contract. An anomaly's time is its record's timestamp in Kafka; a page's is when
the server accepted it. The window's own grace (5 s) is no delay of ours.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.bar import Target, bar_table
from bench.board import Part, Table, keep
from bench.child import ChildError, run
from bench.spread import quantile
from detectors.canonical import parse_time
from streams.demo.pagerduty_server import Pager
from streams.log.judgement_wire import Judgements
from streams.log.wire import record_of
from streams.window import Timing
from tests.kafka.broker import Plan, running
from tests.kafka.receivers import SECRETS, receivers
from tests.kafka.service import Service, Worker, service_on

PARTITIONS = 4
TOGETHER = 5
"""Spikes that begin in one window."""
STEP_S = 10
LASTS_S = 60
DELIVERY_MS = 20
HIT_PER_S = 2.0
"""Operations a second of a tenant that is going to spike; the others share the rest."""
POLICY = """
version: 1
mode: page
warm_up: {after: 1m, operations: 20}
safety: {calm: 60s, money_floor_usd: 0.01}
"""
BAR = (
    Target(what="window end + grace to anomaly, p99, ms", key="detection_p99_ms", least=300, aim=100, most=True),
    Target(what="anomaly to accepted page, p99, ms", key="page_p99_ms", least=2_000, aim=500, most=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The telemetry: how many scopes and records a second, seconds before the first spike, and how many spikes."""

    scopes: int
    records_per_s: float
    warm_s: int
    spikes: int
    ingest: int = 2
    together: bool = False

    @property
    def tenants(self) -> int:
        """How many there are."""
        return self.scopes // 2

    @property
    def roles(self) -> tuple[str, ...]:
        """Of each worker."""
        return ("all",) if self.together else (*("ingest",) * self.ingest, "detect,act")

    @property
    def seconds(self) -> int:
        """From the first record to the last, in whole steps."""
        return self.warm_s + math.ceil(self.spikes / TOGETHER) * STEP_S + LASTS_S

    def scenario(self) -> dict[str, Any]:
        """Most tenants are ordinary; `spikes` of them have twenty times as many requests, some of them at a time."""
        ordinary = (self.records_per_s - self.spikes * HIT_PER_S) / (self.tenants - self.spikes)
        same = {"amplitude": 0, "routes": {"chat": 1}}
        faults = [
            {
                "kind": "token_spike", "at": f"{self.warm_s + number // TOGETHER * STEP_S}s", "for": f"{LASTS_S}s",
                "scope": {"tenant": f"hit-{number}"}, "by": "rate", "factor": 20,
            }
            for number in range(self.spikes)
        ]  # fmt: skip
        hit = [{"name": f"hit-{number}", "operations_per_s": HIT_PER_S, **same} for number in range(self.spikes)]
        many = {"name": "plain", "count": self.tenants - self.spikes, "operations_per_s": max(ordinary, 0.01), **same}
        quiet = {"noise": {"sd": 0}, "bursts": {"per_day": 0}, "delivery": {"delay": f"{DELIVERY_MS}ms"}}
        return {"name": "live", "duration": f"{self.seconds}s", "tenants": [*hit, many], "faults": faults, **quiet}


class TimedPager(Pager):
    """Notes when each incident's page was accepted, epoch milliseconds."""

    def __init__(self) -> None:
        super().__init__(calls_per_minute=10**6)
        self.accepted_ms: dict[str, float] = {}

    def apply(self, event: dict[str, Any]) -> str:
        """Take an event."""
        key = super().apply(event)
        if event["event_action"] == "trigger":
            self.accepted_ms.setdefault(key, time.time() * 1000)
        return key


@dataclass(frozen=True, slots=True)
class Delays:
    """What was measured, milliseconds each; `sender` is what bench.live tells of itself."""

    judgement_ms: list[float]
    detection_ms: list[float]
    page_ms: list[float]
    sender: Mapping[str, float]


def judgements(service: Service, busy_ms: tuple[float, float]) -> list[float]:
    """From the end and the grace of each window within `busy_ms` to its judgement."""
    found, known = [], Judgements()
    for record in service.read(service.topics.anomalies):
        judgement = known.add(record.offset, record_of(record.key, record.value, record.headers))
        if judgement is not None and _within(judgement.window_end, busy_ms):
            found.append(record.timestamp - parse_time(judgement.window_end) - Timing().grace_ms)
    return found


def _within(window_end: str, busy_ms: tuple[float, float]) -> bool:
    return busy_ms[0] <= parse_time(window_end) <= busy_ms[1]


def delays(service: Service, accepted_ms: Mapping[str, float], busy_ms: tuple[float, float]) -> tuple[list[float], list[float]]:
    """From the end and the grace of a window within `busy_ms` to its anomaly, and from an incident's newest anomaly to its page."""
    written_ms, ends, detection = {}, {}, []
    for record in service.read(service.topics.anomalies):
        if record.key and record.value:
            anomaly = json.loads(record.value)
            written_ms[anomaly["id"]], ends[anomaly["id"]] = record.timestamp, anomaly["window_end"]
            if _within(anomaly["window_end"], busy_ms):
                detection.append(record.timestamp - parse_time(anomaly["window_end"]) - Timing().grace_ms)
    incidents = {each["id"]: each for each in map(json.loads, _values(service, service.topics.incidents))}
    pages = []
    for decision in map(json.loads, _values(service, service.topics.decisions)):
        if decision["action"] == "page" and decision["dedup_key"] in accepted_ms:
            its = incidents[decision["incident_id"]]["anomaly_ids"]
            causes = [written_ms[each] for each in its if ends.get(each) == decision["ts"]]
            if causes:
                pages.append(accepted_ms[decision["dedup_key"]] - max(causes))
    return detection, pages


def _values(service: Service, topic: str) -> list[bytes]:
    return [record.value for record in service.read(topic) if record.key and record.value]


def _send(service: Service, bootstrap: str, live: Live, folder: Path) -> dict[str, float]:
    """Send everything in real time; what bench.live tells."""
    scenario = folder / "live.yaml"
    scenario.write_text(json.dumps({"version": 1, **live.scenario()}))
    command = [sys.executable, "-m", "bench.live", str(scenario), bootstrap, service.topics.telemetry, str(PARTITIONS)]
    told: dict[str, float] = json.loads(run(command, timeout_s=live.seconds * 2 + 600.0).stdout)
    return told


def _work_off(workers: Sequence[Worker], pager: TimedPager) -> None:
    """Return when no page has come for some seconds after the last window."""
    seen, quiet_s = -1, time.monotonic()
    while time.monotonic() < quiet_s + 20:
        ended = [worker for worker in workers if worker.process.poll() is not None]
        if ended:
            raise ChildError(f"a worker has ended: {ended[0].log.read_text()[-1000:]}")
        if len(pager.accepted_ms) != seen:
            seen, quiet_s = len(pager.accepted_ms), time.monotonic()
        time.sleep(0.5)


def measure(live: Live) -> Delays:
    """Run everything once."""
    pager = TimedPager()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-", ignore_cleanup_errors=True)))
        cluster = stack.enter_context(running(Plan(full_speed=True, heap="1g"), folder))
        received = stack.enter_context(receivers(pager))
        service = stack.enter_context(service_on(cluster.bootstrap, "live.", folder))
        (folder / "policy.yaml").write_text(POLICY + received.policy_lines())
        service.create(PARTITIONS)
        own = ("--policy", str(folder / "policy.yaml"))
        workers = [service.start(*own, "--role", role, "--worker-id", f"w{n}", **SECRETS) for n, role in enumerate(live.roles)]
        for worker in workers:
            worker.wait_ready()
        sender = _send(service, cluster.bootstrap, live, folder)
        busy_ms = (sender["start_ms"] + 1000 * live.warm_s / 2, sender["start_ms"] + 1000 * live.seconds)
        _work_off(workers, pager)
        judged = judgements(service, busy_ms)
        detection, pages = delays(service, pager.accepted_ms, busy_ms)
        for worker in workers:
            worker.stop()
    if not detection or not pages:
        raise ChildError(f"{len(detection)} anomalies and {len(pages)} pages: too little to tell a delay")
    return Delays(judged, detection, pages, sender)


def part(found: Delays, live: Live, command: str) -> Part:
    """What was measured, for people and programs."""
    named = {
        "window end + grace to anomaly": found.detection_ms,
        "window end + grace to the judgement of each window": found.judgement_ms,
        "anomaly to accepted page": found.page_ms,
    }
    rows = [
        (name, str(len(its)), *(f"{quantile(its, share):,.0f}" for share in (0.5, 0.95, 0.99, 1.0))) for name, its in named.items()
    ]
    figures = {
        f"{key}_{name}_ms": round(quantile(its, share))
        for key, its in (("detection", found.detection_ms), ("judgement", found.judgement_ms), ("page", found.page_ms))
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }
    sent = found.sender["records"]
    note = (
        f"{live.scopes:,} scopes of {live.tenants:,} tenants on {PARTITIONS} busy partitions, {len(live.roles)} process"
        f"{'es' if len(live.roles) > 1 else ''} ({', '.join(live.roles)}), {sent:,} records in {live.seconds} s "
        f"({sent / live.seconds:,.0f} a second, of which the spikes are a part), {live.spikes} spikes. The simulated delivery of a "
        f"record ({DELIVERY_MS} ms) and the sender's lag (p99 {found.sender['lag_p99_ms']:.0f} ms) count as ours."
    )
    table = Table("From a window's end to a page", ("from, to", "number", "p50 ms", "p95 ms", "p99 ms", "max ms"), rows, note)
    return Part(
        name="latency",
        command=command,
        figures=figures,
        details=asdict(found) | asdict(live),
        tables=[table, bar_table(BAR, figures)],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description="Delay from a window's end to a page, live.")
    parser.add_argument("--scopes", type=int, default=20_000)
    parser.add_argument("--records-per-s", type=float, default=20_000.0)
    parser.add_argument("--warm", type=int, default=420, help="seconds before the first spike")
    parser.add_argument("--spikes", type=int, default=150)
    parser.add_argument("--ingest", type=int, default=2, help="how many workers ingest")
    parser.add_argument("--together", action="store_true", help="one worker in all roles")
    told = parser.parse_args(arguments)
    live = Live(
        scopes=told.scopes,
        records_per_s=told.records_per_s,
        warm_s=told.warm,
        spikes=told.spikes,
        ingest=told.ingest,
        together=told.together,
    )
    try:
        found = measure(live)
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    asked = f"--scopes {told.scopes} --records-per-s {told.records_per_s:g} --warm {told.warm} --spikes {told.spikes}"
    keep(part(found, live, f"python -m bench.latency {asked} {'--together' if told.together else f'--ingest {told.ingest}'}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
