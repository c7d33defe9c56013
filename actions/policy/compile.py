"""A policy -> what each part needs of it, as plain data: detection's setup, prices, roll-ups."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from actions.policy.model import DetectorSettings, Policy
from actions.policy.money import BudgetRule, ModelPrice
from actions.policy.words import duration_ms, exact_decimal
from detectors import DETECTORS
from detectors.budget import Budget, Period
from detectors.canonical import NANOS_PER_USD
from detectors.facts import WINDOW_MS
from detectors.scope import Rollup, rollup_of
from detectors.setup import Setup

_NOT_SET_BY_NAME = frozenset({"budgets", "rollups"})
_DURATION = re.compile(r"\d{1,9}(ms|s|m|h|d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOverride:
    """US dollars for 1,000,000 tokens of each kind, exact; what the policy left out has the price of the kind around it."""

    input: Decimal
    output: Decimal
    cached_input: Decimal
    cache_write: Decimal
    reasoning: Decimal

    @classmethod
    def of(cls, price: ModelPrice) -> "PriceOverride":
        """The prices of one model in full."""

        def either(own: Decimal | None, around: Decimal) -> Decimal:
            return around if own is None else own

        return cls(
            input=price.input_usd_per_mtok,
            output=price.output_usd_per_mtok,
            cached_input=either(price.cached_input_usd_per_mtok, price.input_usd_per_mtok),
            cache_write=either(price.cache_write_usd_per_mtok, price.input_usd_per_mtok),
            reasoning=either(price.reasoning_usd_per_mtok, price.output_usd_per_mtok),
        )


def price_overrides(policy: Policy) -> dict[str, PriceOverride]:
    """Model -> prices that win over the book."""
    return {model: PriceOverride.of(price) for model, price in policy.prices.items()}


def unknown_price(policy: Policy) -> PriceOverride:
    """What models without a price are charged at: an upper bound."""
    return PriceOverride.of(policy.unknown_price)


def policy_rollups(policy: Policy) -> tuple[Rollup, ...]:
    """Roll-ups that the policy asks for and that its budgets need, sorted, each once."""
    return tuple(sorted({*policy.rollups, *(rollup_of(each.scope) for each in policy.budgets)}))


def compile_setup(policy: Policy, *, window_ms: int = WINDOW_MS) -> Setup:
    """What detection needs of a policy."""
    return Setup(
        window_ms=window_ms,
        warm_after_ms=policy.warm_up.after_ms,
        warm_after_operations=policy.warm_up.operations,
        money_floor_nanos=nanos(policy.safety.money_floor_usd),
        calm_ms=policy.safety.calm_ms,
        budgets=tuple(_budget(each) for each in policy.budgets),
        detectors={str(name): detector_keywords(str(name), settings) for name, settings in policy.detectors.items()},
        policy_version=policy.digest,
    )


def nanos(usd: Decimal) -> int:
    """Nano-dollars of dollars, rounded half-even.

    >>> nanos(Decimal("1000.10"))
    1000100000000
    """
    return int((usd * NANOS_PER_USD).to_integral_value())


def _budget(rule: BudgetRule) -> Budget:
    return Budget(
        name=rule.name,
        scope=rule.scope,
        amount_nanos=nanos(rule.amount_usd),
        period=Period(rule.period),
        time_zone=rule.time_zone,
        thresholds=rule.thresholds,
        spent_before_nanos=nanos(rule.spent_usd_before),
        owners=rule.owners,
    )


class SettingError(ValueError):
    """A setting that a detector does not take; `key` is its path below the detector."""

    def __init__(self, message: str, *key: str) -> None:
        super().__init__(message)
        self.key = key


def detector_keywords(name: str, settings: DetectorSettings) -> dict[str, Any]:
    """Keywords of the detector's constructor, with `enabled` and `calm_ms` for the panel.

    A parameter in milliseconds `x_ms` is written `x: 90s`, one in nano-dollars `x_nanos` is written `x_usd: 1.50`.

    Raises:
        SettingError: when the detector has no such parameter.
    """
    keywords: dict[str, Any] = {"enabled": settings.enabled}
    if settings.calm_ms is not None:
        keywords["calm_ms"] = settings.calm_ms
    known = known_parameters(name)
    if settings.scopes is not None:
        if known is not None and "rollups" not in known:
            raise SettingError("this detector chooses its scopes itself", "scopes")
        keywords["rollups"] = settings.scopes
    keywords.update(_parameters(settings.parameters, known))
    return keywords


def try_settings(name: str, settings: DetectorSettings) -> None:
    """Build a detector with its settings, to see whether it accepts them.

    Raises:
        SettingError: when it does not.
    """
    keywords = detector_keywords(name, settings)
    own = {key: value for key, value in keywords.items() if key not in {"enabled", "calm_ms"}}
    if name in DETECTORS:
        try:
            DETECTORS[name](**own)
        except (TypeError, ValueError) as error:
            raise SettingError(str(error)) from error


def known_parameters(name: str) -> frozenset[str] | None:
    """Keywords that the constructor of a detector takes; None when this version has no detector of that name."""
    detector = DETECTORS.get(name)
    return None if detector is None else frozenset(inspect.signature(detector).parameters)


def _parameters(written: Mapping[str, Any], known: frozenset[str] | None) -> Iterator[tuple[str, Any]]:
    for key, value in written.items():
        try:
            keyword, plain = _translated(key, value)
        except ValueError as error:
            raise SettingError(str(error), key) from error
        if known is not None and (keyword not in known or keyword in _NOT_SET_BY_NAME):
            raise SettingError(f"is no parameter of this detector; it has {', '.join(_as_written(known)) or 'none'}", key)
        yield keyword, plain


def _translated(key: str, value: Any) -> tuple[str, Any]:
    if key.endswith("_usd"):
        return f"{key.removesuffix('_usd')}_nanos", nanos(exact_decimal(value))
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return f"{key}_ms", duration_ms(value)
    return key, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(exact_decimal(value))
    if isinstance(value, list):
        return tuple(_plain(each) for each in value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value


def _as_written(known: frozenset[str]) -> list[str]:
    own = known - _NOT_SET_BY_NAME
    return sorted(each.removesuffix("_ms") if each.endswith("_ms") else each.replace("_nanos", "_usd") for each in own)
