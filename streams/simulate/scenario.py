"""A scenario: who sends which traffic for how long, what is ordinary about it, and which faults are scripted into it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from actions.policy.words import Duration, Name, Section, Text, Whole, written
from detectors.canonical import parse_time, time_text
from streams.simulate.catalogue import MODELS, ROUTES, Model, Part, Positive, Route
from streams.simulate.faults import AnyFault

STEP_MS = 10_000
"""Rates are constant for this long; a fault begins and ends on such a step."""


def _start_ms(value: Any) -> int:
    at_ms = value if isinstance(value, int) and not isinstance(value, bool) else parse_time(str(value))
    if at_ms % 1000:
        raise ValueError("should be whole seconds")
    return at_ms


def _groups(value: Any) -> Any:
    return [{"name": "tenant", "count": value}] if isinstance(value, int) and not isinstance(value, bool) else value


Start = Annotated[int, BeforeValidator(_start_ms), PlainSerializer(time_text)]


class TenantGroup(Section):
    """One tenant, or `count` of a kind, named `name-1` and so on.

    Attributes:
        operations_per_s: mean over a day, each.
        spread: standard deviation of the logarithm of that mean among the group.
        amplitude: of the daily wave; 0.5 swings between half and one and a half of the mean.
        peak_hour: UTC hour of the wave's crest.
        weekend: factor on Saturdays and Sundays.
        routes: name to weight; all routes alike when empty.
        timeout_ratio: share of attempts that time out at this tenant's own client, and are asked again.
        quota_factor: what its quota allows at factor 1, in multiples of its ordinary rate.
    """

    name: Text
    count: Annotated[Whole, Field(ge=1, le=100_000)] = 1
    operations_per_s: Positive = 1.0
    spread: Annotated[float, Field(ge=0, le=3)] = 0.0
    amplitude: Annotated[float, Field(ge=0, le=0.95)] = 0.5
    peak_hour: Annotated[float, Field(ge=0, lt=24)] = 14.0
    weekend: Annotated[float, Field(gt=0, le=10)] = 1.0
    routes: dict[str, Positive] = Field(default_factory=dict)
    tier: Text = "standard"
    region: Text = "eu-west"
    timeout_ratio: Annotated[float, Field(ge=0, le=0.5)] = 0.01
    quota_factor: Positive = 2.0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its members."""
        return (self.name,) if self.count == 1 else tuple(f"{self.name}-{number}" for number in range(1, self.count + 1))


class Noise(Section):
    """Correlated noise: an AR(1) process in the logarithm of each tenant's rate."""

    sd: Annotated[float, Field(ge=0, le=2)] = 0.25
    half_life_ms: Duration = written("half_life", "10m")


class Bursts(Section):
    """Benign bursts: a tenant's rate times `factor` for a while, `per_day` times a day, at random."""

    per_day: Annotated[float, Field(ge=0, le=1_000)] = 4.0
    factor: Annotated[float, Field(ge=1, le=10)] = 2.0
    for_ms: Duration = written("for", "5m")


class LongContext(Section):
    """A share of requests carries `factor` times the input."""

    ratio: Part = 0.01
    factor: Annotated[float, Field(ge=1, le=1_000)] = 20.0


class Delivery(Section):
    """How records travel from the gateway to the log.

    Attributes:
        delay_ms, sigma, max_delay_ms: lognormal delay; below the grace nothing is late.
        late_ratio, late_by_ms: share of records that come later still, and by up to how much.
        duplicate_ratio, max_copies: share of records that are sent again, 1 to `max_copies` times, within a minute.
        conflict_ratio: share that is sent again with another payload under the same id.
        malformed_ratio: refused records, as a share of the good ones, which stay as they are.
        malformed_reasons: which reasons; all of them when empty.
        unknown_usage_ratio: share of attempts whose token counts are null.
    """

    delay_ms: Duration = written("delay", "200ms")
    sigma: Annotated[float, Field(ge=0, le=3)] = 0.6
    max_delay_ms: Duration = written("max_delay", "4s")
    late_ratio: Part = 0.0
    late_by_ms: Duration = written("late_by", "2m")
    duplicate_ratio: Part = 0.0
    max_copies: Annotated[Whole, Field(ge=1, le=100)] = 5
    conflict_ratio: Part = 0.0
    malformed_ratio: Part = 0.0
    malformed_reasons: tuple[str, ...] = ()
    unknown_usage_ratio: Part = 0.0


class Scenario(Section):
    """All that determines the records, together with nothing else: the same scenario gives the same bytes."""

    version: Literal[1] = 1
    name: Name = "scenario"
    seed: Annotated[Whole, Field(ge=0)] = 0
    start_ms: Start = written("start", "2026-03-02T00:00:00Z")
    duration_ms: Duration = written("duration", "24h")
    tenants: Annotated[tuple[TenantGroup, ...], BeforeValidator(_groups), Field(min_length=1)]
    routes: dict[str, Route] = Field(default=ROUTES, min_length=1)
    models: dict[str, Model] = Field(default_factory=dict)
    error_ratio: Annotated[float, Field(ge=0, le=0.5)] = 0.01
    retries: Annotated[Whole, Field(ge=0, le=10)] = 2
    operations_per_session: Positive = 8.0
    noise: Noise = Noise()
    bursts: Bursts = Bursts()
    long_context: LongContext = LongContext()
    delivery: Delivery = Delivery()
    time_format: Literal["epoch_ms", "rfc3339"] = "epoch_ms"
    faults: tuple[AnyFault, ...] = ()

    @property
    def end_ms(self) -> int:
        """Where the last operation begins, exclusive."""
        return self.start_ms + self.duration_ms

    @property
    def catalogue(self) -> Mapping[str, Model]:
        """Built-in models and the scenario's own."""
        return MODELS | self.models

    def changed(self, *, seed: int | None = None, start_ms: int | None = None, duration_ms: int | None = None) -> "Scenario":
        """The same scenario with another seed, start (rounded down to a second) or duration."""
        given = {"seed": seed, "start_ms": None if start_ms is None else start_ms // 1000 * 1000, "duration_ms": duration_ms}
        return self.model_copy(update={name: value for name, value in given.items() if value is not None})

    @model_validator(mode="after")
    def _names_are_known(self) -> "Scenario":
        names = [name for group in self.tenants for name in group.names]
        if len(set(names)) != len(names):
            raise ValueError("two tenants have the same name")
        return self
