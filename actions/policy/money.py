"""The money part of a policy: prices, budgets and quotas as people write them."""

from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from actions.policy.words import AnyScope, Name, NarrowScope, Ratio, Section, Text, Usd, Whole


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone of the IANA list") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class ModelPrice(Section):
    """What a model costs, in US dollars for 1,000,000 tokens.

    Attributes:
        cached_input_usd_per_mtok: of input read from a cache; as input when absent.
        cache_write_usd_per_mtok: of input written to a cache; as input when absent.
        reasoning_usd_per_mtok: of the reasoning part of the output; as output when absent.
    """

    input_usd_per_mtok: Usd
    output_usd_per_mtok: Usd
    cached_input_usd_per_mtok: Usd | None = None
    cache_write_usd_per_mtok: Usd | None = None
    reasoning_usd_per_mtok: Usd | None = None


class BudgetRule(Section):
    """What a scope may spend in a period.

    Attributes:
        scope: whom it is for; `{}` is everybody together.
        thresholds: shares of the amount at which it is said, rising; above 1 is allowed.
        spent_usd_before: what was spent in this period before Tidegate began to count.
        owners: who is named when it is exceeded.
    """

    name: Name
    scope: AnyScope
    amount_usd: Annotated[Usd, Field(gt=0)]
    period: Literal["day", "week", "month"]
    time_zone: TimeZone = "UTC"
    thresholds: Annotated[tuple[Ratio, ...], Field(min_length=1, max_length=20)] = (0.7, 0.9, 1.0)
    spent_usd_before: Usd = Decimal(0)
    owners: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _rising(self) -> "BudgetRule":
        if list(self.thresholds) != sorted(set(self.thresholds)):
            raise ValueError("thresholds should rise, each once")
        return self


class Quota(Section):
    """What a scope may use normally; a throttle allows a share of it."""

    scope: NarrowScope
    requests_per_min: Annotated[Whole, Field(ge=1, le=10**9)] | None = None
    tokens_per_min: Annotated[Whole, Field(ge=1, le=10**12)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Quota":
        if self.requests_per_min is None and self.tokens_per_min is None:
            raise ValueError("needs requests_per_min or tokens_per_min")
        return self
