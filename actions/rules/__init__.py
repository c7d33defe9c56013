"""What speaks against a remedy: an attempt -> the first reason not to, or None. One reason a file, asked in this order."""

from collections.abc import Callable

from actions.decision import Reason
from actions.rules.attempt import Attempt
from actions.rules.capped import ALL_WITHIN_MS, SCOPE_WITHIN_MS, capped, within
from actions.rules.correlated import correlated
from actions.rules.empty_target import empty_target
from actions.rules.evidence import evidence
from actions.rules.protected import is_protected, protected
from actions.rules.provider_fault import provider_fault
from actions.rules.repeat import repeat

__all__ = ["ALL_WITHIN_MS", "RULES", "SCOPE_WITHIN_MS", "Attempt", "Rule", "is_protected", "objection", "within"]

Rule = Callable[[Attempt], Reason | None]

RULES: tuple[Rule, ...] = (evidence, empty_target, provider_fault, protected, repeat, correlated, capped)


def objection(attempt: Attempt) -> Reason | None:
    """The first reason not to do it."""
    return next((reason for rule in RULES if (reason := rule(attempt)) is not None), None)
