"""A seed -> scenarios for measuring detection: faults of one family, far enough apart not to merge, or days without any."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from streams.simulate.load import scenario_of
from streams.simulate.scenario import Scenario

HISTORY_S = 3 * 3600
"""Ordinary traffic before the first fault."""
APART_S = 30 * 60
"""From one fault to the next; episodes are over after 10 minutes of calm."""
LASTS_S = 10 * 60
DAY_S = 86_400
MONDAY_S = 1_772_409_600  # 2026-03-02
RATES = (1.0, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Operations a second of the tenants that faults strike, mean over a day; their daily wave leaves each at 1 or more at any hour."""
STORMS: tuple[Mapping[str, float], ...] = (
    {"amplification": 3.0},
    {"amplification": 4.0},
    {"amplification": 6.0},
    {"error_ratio": 0.9, "retries": 3},  # A = 3.4
    {"error_ratio": 0.8, "retries": 4},  # A = 3.4
    {"error_ratio": 0.9, "retries": 6},  # A = 5.2
)
"""Client faults strike a tenant, provider faults a provider; A >= 3 in all of them."""
CANARY_TOTAL_PER_S = 16.0
SERVICES = ("chat-api", "search-api", "docs-api", "code-api")


def _tenants() -> list[dict[str, Any]]:
    busy = [
        {"name": f"busy-{number}", "operations_per_s": rate, "amplitude": min(0.5, 1 - 1 / rate)}
        for number, rate in enumerate(RATES, 1)
    ]
    return [*busy, {"name": "small", "count": 6, "operations_per_s": 0.05, "spread": 0.8}]


def _scenario(name: str, seed: int, seconds: int, tenants: Sequence[Mapping[str, Any]], **more: Any) -> Scenario:
    """Begins at any second of a week, so that hours of the day and places in a window are all met."""
    begin_s = MONDAY_S + random.Random(f"start|{name}|{seed}").randrange(7 * DAY_S)
    scenario = scenario_of({"name": name, "seed": seed, "duration": f"{seconds}s", "tenants": list(tenants), **more})
    return scenario.changed(start_ms=begin_s * 1000)


def _placed(faults: Sequence[Mapping[str, Any]], seed: int, *, lasts_s: int = LASTS_S) -> list[dict[str, Any]]:
    """The faults in an order of the seed's, each at its time."""
    shuffled = random.Random(f"order|{seed}").sample(list(faults), len(faults))
    return [dict(each) | {"at": f"{HISTORY_S + n * APART_S}s", "for": f"{lasts_s}s"} for n, each in enumerate(shuffled)]


def _length(faults: Sequence[Any]) -> int:
    return HISTORY_S + len(faults) * APART_S


def spikes(seed: int) -> Scenario:
    """Of each busy tenant two spikes: x10 by rate and x5 by size, or x5 by rate and x10 by size, as the seed has it."""
    faults = [
        {
            "kind": "token_spike",
            "scope": {"tenant": f"busy-{number}"},
            "by": by,
            "factor": (5, 10)[(number + seed + (by == "size")) % 2],
        }
        for number in range(1, len(RATES) + 1)
        for by in ("rate", "size")
    ]
    return _scenario("spikes", seed, _length(faults), _tenants(), faults=_placed(faults, seed))


def storms(seed: int) -> Scenario:
    """Retry storms with A >= 3: by clients of six tenants, and of three providers."""
    draw = random.Random(f"storms|{seed}")
    of_clients = [{"kind": "retry_storm", "scope": {"tenant": f"busy-{n}"}, **STORMS[(n + seed) % 3]} for n in range(1, 7)]
    of_providers = [
        {"kind": "retry_storm", "scope": {"provider": provider}, **draw.choice(STORMS[3:])}
        for provider in ("openai", "anthropic", "google")
    ]
    faults = [*of_clients, *of_providers]
    return _scenario("storms", seed, _length(faults), _tenants(), faults=_placed(faults, seed))


def canaries(seed: int) -> Scenario:
    """Releases that cost twice as much, at 1 request/s of a service's 4, one service after the other, three times round."""
    share = 1.0 / (CANARY_TOTAL_PER_S / len(SERVICES))
    faults = [
        {
            "kind": "canary_regression",
            "service": service,
            "release": f"bad-{seed}-{again}",
            "traffic_share": share,
            "cost_factor": 2,
        }
        for again in range(3)
        for service in SERVICES
    ]
    tenants = [{"name": "tenant", "count": 8, "operations_per_s": CANARY_TOTAL_PER_S / 8, "amplitude": 0.0}]
    return _scenario("canaries", seed, _length(faults), tenants, faults=_placed(faults, seed, lasts_s=900))


def clean(seed: int, days: int) -> Scenario:
    """Days on which nothing is worth waking anybody: waves, correlated noise, benign 2x bursts, long contexts, good canaries."""
    tenants = [
        {"name": "acme", "operations_per_s": 2, "amplitude": 0.6},
        {"name": "globex", "operations_per_s": 1.5, "amplitude": 0.4, "peak_hour": 20, "region": "us-east"},
        {"name": "initech", "operations_per_s": 1, "weekend": 0.5, "routes": {"search": 3, "summarise": 1}},
        {"name": "small", "count": 12, "operations_per_s": 0.05, "spread": 0.8, "tier": "free"},
    ]
    rollouts = [
        {
            "kind": "rollout", "at": f"{day * DAY_S + 10 * 3600}s", "for": "1h", "traffic_share": 0.2,
            "service": SERVICES[day % len(SERVICES)], "release": f"good-{seed}-{day}",
        }
        for day in range(days)
    ]  # fmt: skip
    bursts = {"per_day": 6, "factor": 2, "for": "5m"}
    delivery = {"duplicate_ratio": 0.001, "malformed_ratio": 0.0002}
    return _scenario("clean", seed, days * DAY_S, tenants, faults=rollouts, bursts=bursts, delivery=delivery)
