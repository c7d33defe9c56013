"""Policy as code: a YAML file -> a checked policy -> settings for detection, prices and deciding."""

from actions.policy.compile import PriceOverride, compile_setup, policy_rollups, price_overrides, unknown_price
from actions.policy.default import DEFAULT_POLICY
from actions.policy.load import load_policy, policy_of
from actions.policy.model import Mode, Policy
from actions.policy.reading import PolicyError

__all__ = [
    "DEFAULT_POLICY",
    "Mode",
    "Policy",
    "PolicyError",
    "PriceOverride",
    "compile_setup",
    "load_policy",
    "policy_of",
    "policy_rollups",
    "price_overrides",
    "unknown_price",
]
