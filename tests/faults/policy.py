"""Addresses of receivers -> the policy under which workers are killed: every effect that Tidegate has, and exact prices."""

from collections.abc import Mapping
from decimal import Decimal

PRICES: Mapping[str, tuple[Decimal, Decimal, Decimal]] = {
    "gpt-4o": (Decimal("2.5"), Decimal("1.25"), Decimal(10)),
    "gpt-4o-mini": (Decimal("0.15"), Decimal("0.075"), Decimal("0.6")),
    "gemini-2.5-flash": (Decimal("0.3"), Decimal("0.075"), Decimal("2.5")),
    "claude-haiku-4-5": (Decimal(1), Decimal("0.1"), Decimal(5)),
    "claude-sonnet-4-5": (Decimal(3), Decimal("0.3"), Decimal(15)),
}
"""US dollars for a million tokens of input, cached input and output; the recount multiplies with the same."""
PAGE, THROTTLE, ROLLBACK = "page", "throttle", "rollback"
KINDS = (PAGE, THROTTLE, ROLLBACK)

HEAD = """
version: 1
mode: act
safety: {calm: 20s, lease: 30s, max_hold: 1m, max_destructive: 1000, max_destructive_per_scope: 100, brake_scopes: 1000000}
detectors: {budget_burn: {enabled: false}, telemetry_silence: {enabled: false}, river_model: {enabled: false}}
"""


def spender(number: int) -> str:
    """The tenant of a provocation that spends its budget."""
    return f"spender-{number}"


def service(number: int) -> str:
    """The service of a provocation that is a canary."""
    return f"canary-{number}"


def policy_text(*, pager: str, gateway: str, incidents: int, kinds: tuple[str, ...] = KINDS) -> str:
    """A policy that pages, throttles and rolls back, or only some of that.

    Args:
        pager: URL of the pager; its key is in PD_KEY.
        gateway: URL of the gateway; its key is in HOOK_KEY.
        incidents: how many of each kind may be provoked.
        kinds: what it does.
    """
    prices = [
        f"  {model}: {{input_usd_per_mtok: {given}, cached_input_usd_per_mtok: {cached}, output_usd_per_mtok: {got}}}"
        for model, (given, cached, got) in PRICES.items()
    ]
    lines = [HEAD, "prices:", *prices, *_receivers(pager, gateway), *_budgets(incidents)]
    lines.append("routes: [{severity: error, to: oncall}]" if PAGE in kinds else "routes: []")
    remedies = []
    if THROTTLE in kinds:
        remedies.append("  budget_threshold: [{action: throttle, level: 2, target: tenant, hold: 5s, via: gateway}]")
    if ROLLBACK in kinds:
        remedies.append("  canary_regression: [{action: rollback}]")
        lines.append(f"canary: {{targets: {{{', '.join(f'{service(i)}: gateway' for i in range(incidents))}}}}}")
    return "\n".join([*lines, *(["remedies:", *remedies] if remedies else []), ""])


def _receivers(pager: str, gateway: str) -> list[str]:
    return [
        "receivers:",
        f'  - {{name: oncall, type: pagerduty, url: "{pager}/v2/enqueue", key_env: PD_KEY, allow_insecure: true}}',
        f'  - {{name: gateway, type: webhook, url: "{gateway}/", key_env: HOOK_KEY, allow_insecure: true}}',
    ]


def _budgets(incidents: int) -> list[str]:
    each = [
        f"  - {{name: b{i}, scope: {{tenant: {spender(i)}}}, amount_usd: 1, period: month, thresholds: [1.0]}}"
        for i in range(incidents)
    ]
    return ["budgets:", *each]
