"""The remedies of a policy: what may be done about a critical anomaly, and how far it may go."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from actions.policy.words import Duration, Name, NarrowScope, Section, Share, Text, Usd, Whole, within, written

MAX_LEVEL = 3
Level = Annotated[Whole, Field(ge=1, le=MAX_LEVEL)]


class Remedy(Section):
    """One thing to do when a detector finds something critical.

    Attributes:
        level: of a throttle, 1 (mild) to 3 (hard): the level that it starts with.
        target: of a throttle a scope (`tenant=acme`) or a dimension (`tenant`: whichever tenant it turns out to be), else the
            scope of the anomaly; of anything else the name of a receiver, else the canary's target.
        hold_ms: how long each level is kept at least, on the way up and on the way down.
        escalate_after_ms: the next level is taken when the cause lasts as long as this; never, when absent.
        max_level: where escalation ends.
        via: name of a webhook that is told of the throttle, besides the quotas that gateways read.
    """

    action: Literal["throttle", "rollback", "pause_canary", "fallback"]
    level: Level = 1
    target: Text | None = None
    hold_ms: Annotated[Duration, within("1s", "1h")] = written("hold", "60s")
    escalate_after_ms: Annotated[Duration, within("10s", "1d")] | None = written("escalate_after", None)
    max_level: Level = MAX_LEVEL
    via: Name | None = None

    @model_validator(mode="after")
    def _levels_are_for_throttles(self) -> "Remedy":
        throttle_only = {"level", "escalate_after_ms", "max_level", "via"} & self.model_fields_set
        if self.action != "throttle" and throttle_only:
            named = ", ".join(sorted(name.removesuffix("_ms") for name in throttle_only))
            raise ValueError(f"{named}: only a throttle has this")
        if self.max_level < self.level:
            raise ValueError("max_level is below level")
        return self


class Canary(Section):
    """Whom to tell when the canary of a service has to go: service -> name of a receiver."""

    targets: Mapping[Text, Name] = {}


class Safety(Section):
    """How far Tidegate may go by itself.

    Attributes:
        money_floor_usd: below this excess an anomaly is at most a warning.
        calm_ms: an anomaly is over when its scope has been normal for as long as this.
        max_destructive: destructive actions in 10 minutes, in all.
        max_destructive_per_scope: destructive actions in an hour, for one scope.
        brake_scopes, brake_share: with at least so many scopes alarming, and more than this share of the live ones, nothing is
            done to anybody: the fault is ours, or a provider's.
        protected: scopes that are never throttled, nor anything within them.
        stale_ms: evidence older than this is not acted upon.
        lease_ms: how long a throttle lasts unless it is renewed; never longer than 15 min.
        max_hold_ms: how long a throttle is renewed; then a person decides.
        throttle_factors: what levels 1, 2, 3 leave of the normal use.
    """

    money_floor_usd: Usd = Decimal(1)
    calm_ms: Annotated[Duration, within("10s", "1d")] = written("calm", "10m")
    max_destructive: Annotated[Whole, Field(ge=0, le=1_000)] = 6
    max_destructive_per_scope: Annotated[Whole, Field(ge=0, le=100)] = 2
    brake_scopes: Annotated[Whole, Field(ge=1)] = 10
    brake_share: Share = Field(default=0.1)
    protected: tuple[NarrowScope, ...] = ()
    stale_ms: Annotated[Duration, within("10s", "15m")] = written("stale", "120s")
    lease_ms: Annotated[Duration, within("30s", "15m")] = written("lease", "15m")
    max_hold_ms: Annotated[Duration, within("1m", "1d")] = written("max_hold", "60m")
    throttle_factors: tuple[Share, Share, Share] = (0.5, 0.25, 0.1)

    @model_validator(mode="after")
    def _factors_fall(self) -> "Safety":
        if list(self.throttle_factors) != sorted(set(self.throttle_factors), reverse=True) or self.throttle_factors[0] >= 1:
            raise ValueError("throttle_factors should fall, the first below 1")
        return self
