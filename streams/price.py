"""Usage -> what it costs in nano-dollars, and whether that is known."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Self

from genai_prices.types import ModelInfo, Provider

from actions.policy import Policy, PriceOverride, price_overrides, unknown_price
from streams.catalogue import find_model
from streams.decode import cost_nanos
from streams.tariff import FEMTO_PER_NANO, BookTariff, FlatTariff, Rates, Tariff, femto, has_price
from streams.usage import Usage, ts_ms

CONTEXTS: Mapping[str, Mapping[str, str]] = {
    "batch": {"processing": "batch"},
    "priority": {"service_tier": "priority"},
    "flex": {"service_tier": "flex"},
    "fast": {"service_tier": "fast", "speed": "fast"},
    "default": {"service_tier": "default"},
    "standard": {"service_tier": "default"},
}
"""What a record's `service_tier`, in lower case, means to genai-prices. What is not here is charged at the base price."""

_CACHED_TARIFFS = 65_536


class PriceState(enum.StrEnum):
    """Where a cost comes from: billed or the book; a price of nothing; the policy's bound for what has no price."""

    PRICED = "priced"
    FREE = "free"
    UNKNOWN = "unknown"


class Cost(NamedTuple):
    """What a record costs."""

    nanos: int
    state: PriceState


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """A price of the policy, in USD per million tokens; what is None costs what the kind costs that it is a part of."""

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal | None = None
    cache_write_usd_per_mtok: Decimal | None = None
    reasoning_usd_per_mtok: Decimal | None = None

    def rates(self) -> Rates:
        """The price in integers."""
        plain = (self.input_usd_per_mtok, self.output_usd_per_mtok)
        parts = (self.cached_input_usd_per_mtok, self.cache_write_usd_per_mtok, self.reasoning_usd_per_mtok)
        whole = (plain[0], plain[0], plain[1])
        read, write, reasoning = (_femto(total if part is None else part) for part, total in zip(parts, whole, strict=True))
        return Rates(_femto(plain[0]), read, write, _femto(plain[1]), reasoning)


UNKNOWN_PRICE = ModelPrice(input_usd_per_mtok=Decimal(15), output_usd_per_mtok=Decimal(75))
"""The built-in policy's bound for models that have no price."""


class Book:
    """Every price there is: the policy's, then genai-prices' bundled ones, then the bound for unknown models.

    Who is asked: `response_model` before `model`, since the provider bills the model that answered; the policy about both before
    the book about either. A provider that the record names is believed: another provider's list price of the same model is no
    price. Without one genai-prices infers it from the model's name. Unknown models cost the bound, cached input as plain input.
    """

    def __init__(self, overrides: Mapping[str, Tariff], unknown: Tariff) -> None:
        self._overrides = overrides
        self._unknown = unknown
        self._cache: dict[tuple[str, str, str, str], Tariff] = {}
        self._listed: dict[tuple[int, str], BookTariff] = {}

    @classmethod
    def compile(cls, *, overrides: Mapping[str, ModelPrice] | None = None, unknown: ModelPrice = UNKNOWN_PRICE) -> Self:
        """The book of a policy: `overrides` by model, `unknown` as the bound."""
        bound = unknown.rates()
        plain = Rates(bound.plain_input, bound.plain_input, bound.plain_input, bound.plain_output, bound.plain_output)
        own: dict[str, Tariff] = {model: FlatTariff(price.rates(), known=True) for model, price in (overrides or {}).items()}
        return cls(own, FlatTariff(plain, known=False))

    @classmethod
    def of_policy(cls, policy: Policy) -> Self:
        """The book of a policy."""
        overrides = {model: _model_price(price) for model, price in price_overrides(policy).items()}
        return cls.compile(overrides=overrides, unknown=_model_price(unknown_price(policy)))

    def tariff(self, *, provider: str, response_model: str, model: str, service_tier: str) -> Tariff:
        """The tariff of a record's words; absent ones are ""."""
        key = (provider, response_model, model, service_tier)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= _CACHED_TARIFFS:
                self._cache.clear()
            found = self._cache[key] = self._find(provider, [each for each in (response_model, model) if each], service_tier)
        return found

    def cost(self, usage: Usage) -> Cost:
        """What one record costs, in exact integers; `cost_usd` wins. Unknown counts of tokens cost nothing here."""
        if usage.cost_usd is not None:
            return Cost(cost_nanos(usage.cost_usd), PriceState.PRICED)
        tariff = self.tariff(
            provider=usage.provider or "",
            response_model=usage.response_model or "",
            model=usage.model,
            service_tier=usage.service_tier or "",
        )
        rates = tariff.span(ts_ms(usage)).rates(usage.input_tokens or 0)
        nanos = half_even(sum(rate * tokens for rate, tokens in zip(rates, quantities(usage), strict=True)))
        if not tariff.known:
            return Cost(nanos, PriceState.UNKNOWN)
        return Cost(nanos, PriceState.PRICED if any(rates) else PriceState.FREE)

    def _find(self, provider: str, models: list[str], service_tier: str) -> Tariff:
        for model in models:
            if model in self._overrides:
                return self._overrides[model]
        for model in models:
            found = find_model(provider, model)
            if found is not None:
                return self._of_book(*found, service_tier.lower())
        return self._unknown

    def _of_book(self, owner: Provider, info: ModelInfo, service_tier: str) -> Tariff:
        """One tariff however a model is spelt. Another provider's model has no prices by context, as in genai-prices."""
        if not has_price(info):
            return self._unknown
        context = CONTEXTS.get(service_tier) if any(info is each for each in owner.models) else None
        key = (id(info), service_tier if context else "")
        return self._listed.setdefault(key, BookTariff(info, context))


def quantities(usage: Usage) -> tuple[int, int, int, int, int, int]:
    """Tokens of each kind of `Rates`, every token once, and 1 for the request. Parts of an unknown total count as none."""
    read, write = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0
    reasoning = usage.reasoning_tokens or 0
    if usage.input_tokens is None:
        plain_input = read = write = 0
    else:
        plain_input = usage.input_tokens - read - write
    if usage.output_tokens is None:
        plain_output = reasoning = 0
    else:
        plain_output = usage.output_tokens - reasoning
    return plain_input, read, write, plain_output, reasoning, 1


def half_even(femto_dollars: int) -> int:
    """Femto-dollars as nano-dollars, rounded half-even.

    >>> half_even(1_500_000), half_even(2_500_000), half_even(2_500_001)
    (2, 2, 3)
    """
    nanos, rest = divmod(femto_dollars, FEMTO_PER_NANO)
    half = FEMTO_PER_NANO // 2
    return nanos + (rest > half or (rest == half and nanos % 2 == 1))


def _model_price(price: PriceOverride) -> ModelPrice:
    return ModelPrice(
        input_usd_per_mtok=price.input,
        output_usd_per_mtok=price.output,
        cached_input_usd_per_mtok=price.cached_input,
        cache_write_usd_per_mtok=price.cache_write,
        reasoning_usd_per_mtok=price.reasoning,
    )


def _femto(usd_per_mtok: Decimal | float | str) -> int:
    return femto(Decimal(str(usd_per_mtok)))
