"""A model of genai-prices -> its prices in integers, by time and by size of the request."""

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple, Protocol

from genai_prices.types import ModelInfo, ModelPrice, PriceContext, StartDateConstraint, TieredPrices, TimeOfDateConstraint

FEMTO_PER_NANO = 1_000_000
_FEMTO_A_TOKEN = Decimal(10**9)
_FEMTO_A_REQUEST = Decimal(10**12)
_DAY_MS = 86_400_000
_FOREVER_MS = 1 << 62
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Rates(NamedTuple):
    """Femto-dollars (10^-15 USD) a token of each kind, every token being of one kind, and a fee a request."""

    plain_input: int
    cache_read: int
    cache_write: int
    plain_output: int
    reasoning: int
    request: int = 0


class Step(NamedTuple):
    """Rates of requests with more than `above` input tokens, up to the next step: all their tokens cost this."""

    above: int
    rates: Rates


class Span(NamedTuple):
    """Steps that hold in [start_ms, end_ms), the first one above -1."""

    start_ms: int
    end_ms: int
    steps: tuple[Step, ...]

    def rates(self, input_tokens: int) -> Rates:
        """The rates of a request of this size."""
        return next(step.rates for step in reversed(self.steps) if input_tokens > step.above)


class Tariff(Protocol):
    """What the tokens of one model cost, by time."""

    @property
    def known(self) -> bool:
        """False for the bound that stands for a price that nobody has."""
        ...

    def span(self, at_ms: int, /) -> Span:
        """The prices at an instant, and how long around it they hold."""
        ...


@dataclass(frozen=True, slots=True)
class FlatTariff:
    """One price at all times and for all sizes: of the policy, or the bound for models that nobody has a price of."""

    rates: Rates
    known: bool

    def span(self, _at_ms: int, /) -> Span:
        """Always the same."""
        return Span(-_FOREVER_MS, _FOREVER_MS, (Step(-1, self.rates),))


class BookTariff:
    """The prices of a model of the book.

    Which price holds when is asked of genai-prices itself, once for each stretch between two instants at which it can change.
    """

    def __init__(self, model: ModelInfo, context: PriceContext | None) -> None:
        self.known = True
        self._model = model
        self._context = context
        constraints = [each.constraint for each in model.prices] if isinstance(model.prices, list) else []
        constraints += [each.constraint for each in model.price_variants or ()]
        self._days = sorted({_day(each.start_date) for each in constraints if isinstance(each, StartDateConstraint)})
        daily = [each for each in constraints if isinstance(each, TimeOfDateConstraint)]
        self._times = sorted({0, *(_time_ms(at) for each in daily for at in (each.start_time, each.end_time))}) if daily else []

    def span(self, at_ms: int, /) -> Span:
        """As `Tariff.span`."""
        after = bisect_right(self._days, at_ms)
        start = self._days[after - 1] if after else -_FOREVER_MS
        end = self._days[after] if after < len(self._days) else _FOREVER_MS
        if self._times:
            midnight = at_ms - at_ms % _DAY_MS
            later = bisect_right(self._times, at_ms - midnight)
            start = max(start, midnight + self._times[later - 1])
            end = min(end, midnight + (self._times[later] if later < len(self._times) else _DAY_MS))
        price = self._model.get_prices(_EPOCH + dt.timedelta(milliseconds=at_ms), self._context)
        return Span(start, end, _steps(price))


def femto(usd_per_mtok: Decimal) -> int:
    """Dollars a million tokens as femto-dollars a token, rounded half-even.

    >>> femto(Decimal("2.5")), femto(Decimal("0.0000000025"))
    (2500000000, 2)
    """
    return _integer(usd_per_mtok * _FEMTO_A_TOKEN)


def has_price(model: ModelInfo) -> bool:
    """Whether tokens say what the model costs: it has a price of text or of requests, or is free altogether."""
    prices = [each.prices for each in model.prices] if isinstance(model.prices, list) else [model.prices]
    names = {name for price in prices for name, value in vars(price).items() if value is not None}
    return not names or bool(names & {"input_mtok", "output_mtok", "requests_kcount"})


def _steps(price: ModelPrice) -> tuple[Step, ...]:
    values = [value for value in vars(price).values() if isinstance(value, TieredPrices)]
    bounds = sorted({-1, *(tier.start for value in values for tier in value.tiers)})
    return tuple(Step(above, _rates(price, above + 1)) for above in bounds)


def _rates(price: ModelPrice, input_tokens: int) -> Rates:
    """Kinds without a price of their own cost what the kind costs that they are a part of."""
    plain_input = _usd(price.input_mtok, input_tokens) or Decimal(0)
    plain_output = _usd(price.output_mtok, input_tokens) or Decimal(0)
    parts = [
        (_usd(price.cache_read_mtok, input_tokens), plain_input),
        (_usd(price.cache_write_mtok, input_tokens), plain_input),
        (_usd(price.output_reasoning_mtok, input_tokens), plain_output),
    ]
    read, write, reasoning = (femto(whole if part is None else part) for part, whole in parts)
    fee = _usd(price.requests_kcount, input_tokens) or Decimal(0)
    return Rates(femto(plain_input), read, write, femto(plain_output), reasoning, _integer(fee * _FEMTO_A_REQUEST))


def _usd(value: Decimal | TieredPrices | None, input_tokens: int) -> Decimal | None:
    if not isinstance(value, TieredPrices):
        return value
    return next((tier.price for tier in reversed(value.tiers) if input_tokens > tier.start), value.base)


def _integer(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_EVEN))


def _day(day: dt.date) -> int:
    return (dt.datetime.combine(day, dt.time(), dt.UTC) - _EPOCH) // dt.timedelta(milliseconds=1)


def _time_ms(at: dt.time) -> int:
    moment = dt.datetime.combine(dt.date(1970, 1, 2), at, at.tzinfo or dt.UTC)
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1) % _DAY_MS
