"""A size -> the scenario that is simulated, and the policy that is run over it, with prices that a recount knows."""

from dataclasses import dataclass
from pathlib import Path

from actions.policy import Policy, load_policy
from streams.simulate.load import scenario_of
from streams.simulate.scenario import Scenario
from tests.streams.recount import PRICES as ROUTED

START = "2026-11-01T03:36:00Z"
"""24 minutes before New York's midnight, which ends a day and a month there and begins the day on which clocks are set back."""
PRICES = ROUTED | {"o1-pro": ("150", "150", "150", "600")}
ASSUMED = ("15", "75")
HOT = "acme"
TENANTS = {"acme": 6.0, "naïve-café": 1.5, "globex": 1.0, "initech": 1.0, "umbrella": 1.0, "hooli": 0.5}
BUDGETS = (
    ("house", {}, "month", "America/New_York", 500),
    ("hot", {"tenant": HOT}, "day", "America/New_York", 60),
    ("search", {"feature": "search"}, "day", "Asia/Kathmandu", 20),
)
FAULTS = (
    {"kind": "token_spike", "scope": {"tenant": "globex"}, "by": "rate", "factor": 10},
    {"kind": "retry_storm", "scope": {"tenant": "umbrella"}, "amplification": 4},
    {"kind": "cost_spike", "scope": {"tenant": "initech", "feature": "chat"}, "model": "o1-pro"},
    {"kind": "canary_regression", "service": "code-api", "release": "v2", "baseline": "v1", "traffic_share": 0.4, "cost_factor": 3},
    {"kind": "retry_storm", "scope": {"provider": "anthropic"}, "error_ratio": 0.7, "retries": 3},
    {"kind": "unknown_price", "scope": {"tenant": "globex"}, "model": "newcomer-large-1", "share": 0.5},
    {"kind": "budget_burn", "scope": {"tenant": HOT}, "factor": 3},
    {"kind": "telemetry_silence", "scope": {"service": "docs-api"}},
)
"""One after the other."""
RESTING = {"kind": "telemetry_silence", "scope": {"tenant": "hooli"}}
"""Where telemetry is keyed by tenant, the partition of this one is idle in the second half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long the stream is.

    Attributes:
        minutes: between the beginnings of two faults; each lasts three quarters of it, and the stream ten times it.
        per_second: operations a second, of all tenants.
        poison: share of refused records among the good ones.
    """

    minutes: int
    per_second: float
    poison: float


TINY = Size(minutes=2, per_second=6.0, poison=0.01)
SMALL = Size(minutes=4, per_second=11.0, poison=0.01)
LARGE = Size(minutes=12, per_second=140.0, poison=0.002)


def scenario(size: Size, seed: int) -> Scenario:
    """Traffic with incidents of eight kinds; what happens to it on the way to the log is added by `weather`."""
    unit_s = size.minutes * 60
    scale = size.per_second / sum(TENANTS.values())
    tenants = [{"name": name, "operations_per_s": rate * scale, "amplitude": 0.1} for name, rate in TENANTS.items()]
    lasts_s = unit_s * 3 // 4 // 10 * 10
    faults = [{**fault, "at": f"{(number + 2) * unit_s}s", "for": f"{lasts_s}s"} for number, fault in enumerate(FAULTS)]
    faults.append({**RESTING, "at": f"{5 * unit_s}s", "for": f"{5 * unit_s}s"})
    return scenario_of(
        {
            "name": "law", "seed": seed, "start": START, "duration": f"{10 * unit_s}s", "tenants": tenants, "faults": faults,
            "delivery": {"unknown_usage_ratio": 0.01},
        }
    )  # fmt: skip


def policy_text() -> str:
    """The policy as a file: short warm-up, prices of all models but the newcomer's, budgets, remedies."""
    lines = ["version: 1", "warm_up: {after: 5m, operations: 30}"]
    lines.append(f"unknown_price: {{input_usd_per_mtok: {ASSUMED[0]}, output_usd_per_mtok: {ASSUMED[1]}}}")
    lines.append("prices:")
    for model, (into, read, write, out) in PRICES.items():
        cached = f"cached_input_usd_per_mtok: {read}, cache_write_usd_per_mtok: {write}"
        lines.append(f"  {model}: {{input_usd_per_mtok: {into}, output_usd_per_mtok: {out}, {cached}}}")
    lines.append("budgets:")
    for name, scope, period, zone, amount in BUDGETS:
        inside = ", ".join(f"{dimension}: {value}" for dimension, value in scope.items())
        lines.append(f"  - {{name: {name}, scope: {{{inside}}}, amount_usd: {amount}, period: {period}, time_zone: {zone}}}")
    lines += ["remedies:", "  token_spike: [{action: throttle, level: 1}]", "  retry_storm: [{action: throttle, level: 2}]"]
    return "\n".join(lines) + "\n"


def written_policy(folder: Path) -> Path:
    """The policy as a file in `folder`."""
    path = folder / "policy.yaml"
    path.write_text(policy_text())
    return path


def policy(folder: Path) -> Policy:
    """The policy, compiled from a file as the service would."""
    return load_policy(written_policy(folder))
