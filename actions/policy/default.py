"""The built-in policy: what Tidegate does when nobody wrote one."""

from actions.policy.model import Policy

DEFAULT_POLICY = Policy(version=1)
"""Shadow, default roll-ups and detectors, no budgets, nobody is told and nothing is throttled."""
