"""The small words of a policy: text as people write it -> durations in ms, exact dollars, scopes, names."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, WithJsonSchema

from detectors.scope import Rollup, Scope, parse_scope, scope_of

DIMENSIONS = (
    "provider", "response_model", "model_version", "prompt_version", "service_tier",
    "tenant", "team", "service", "feature", "workflow", "env", "namespace", "tier", "region", "segment", "experiment", "caller",
    "session_id", "parent_session_id", "call_hash", "tool", "job_id", "gpu_type",
    "release", "model", "cohort",
)  # fmt: skip
"""What a scope may be made of: the string fields of a usage record."""

DETECTOR_NAMES = (
    "token_spike", "cost_spike", "request_burst", "retry_storm", "budget_threshold", "budget_burn", "budget_forecast",
    "quota_exceeded", "canary_regression", "latency_regression", "error_surge", "routing_shift", "cost_per_outcome",
    "runaway_session", "runaway_job", "unknown_price", "telemetry_silence", "tag_coverage", "river_model",
)  # fmt: skip
"""The closed list of detector names."""

_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d{1,9})(ms|s|m|h|d)")
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_WILDCARDS = frozenset("*?[]{}()|^$\\")
_MAX_USD = Decimal(10) ** 12


class Section(BaseModel):
    """A part of a policy: frozen, and every key has to be one that is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


def duration_ms(text: Any) -> int:
    """Milliseconds of a duration such as `90s`, `15m`, `1h`.

    Raises:
        ValueError: when it is not a whole number and a unit of ms, s, m, h, d.

    >>> duration_ms("90s"), duration_ms("1h")
    (90000, 3600000)
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("should be a duration such as 90s, 15m or 1h")
    return int(found[1]) * _UNIT_MS[found[2]]


def within(least: str, most: str) -> AfterValidator:
    """A bound for durations, both ends included."""

    def check(value_ms: int) -> int:
        if not duration_ms(least) <= value_ms <= duration_ms(most):
            raise ValueError(f"should be from {least} to {most}")
        return value_ms

    return AfterValidator(check)


def duration_text(value_ms: int) -> str:
    """The shortest text that `duration_ms` reads back.

    >>> duration_text(90_000), duration_text(3_600_000), duration_text(0)
    ('90s', '1h', '0s')
    """
    if value_ms == 0:
        return "0s"
    unit = next(unit for unit in ("d", "h", "m", "s", "ms") if value_ms % _UNIT_MS[unit] == 0)
    return f"{value_ms // _UNIT_MS[unit]}{unit}"


def exact_decimal(value: Any) -> Decimal:
    """A finite number, exactly as it was written; binary floats are refused.

    Raises:
        ValueError: when it is no number, not finite, or has more than 12 digits before or after the point.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("should be a decimal number")  # noqa: TRY004 - pydantic makes a complaint of no other error
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError("should be a decimal number") from None
    if not number.is_finite() or abs(number) > _MAX_USD or number != round(number, 12):
        raise ValueError("should be a number with at most 12 digits before and after the point")
    return number.normalize() + 0


def _real(value: Any) -> float:
    return value if isinstance(value, float) else float(exact_decimal(value))


def _value(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("values of a scope are text: put it in quotes")  # noqa: TRY004 - as above
    if not value.strip():
        raise ValueError("should not be blank")
    if set(value) & _WILDCARDS:
        raise ValueError(f"{value!r} looks like a pattern; a scope is named exactly")
    return value


def _dimension(name: Any) -> str:
    if name not in DIMENSIONS:
        raise ValueError(f"{name!r} is no dimension; dimensions are {', '.join(sorted(DIMENSIONS))}")
    return str(name)


def exact_scope(value: Any) -> Scope:
    """A scope, written as a mapping `{tenant: acme}` or as text `tenant=acme`; `{}` and `global` are everything.

    Raises:
        ValueError: when a dimension is unknown, or a value is blank or looks like a pattern.
    """
    if isinstance(value, tuple):
        return value
    pairs = value if isinstance(value, Mapping) else dict(parse_scope(value)) if isinstance(value, str) else None
    if pairs is None:
        raise ValueError("should be a scope such as {tenant: acme} or tenant=acme")
    return scope_of({_dimension(dimension): _value(each) for dimension, each in pairs.items()})


def _narrow(scope: Scope) -> Scope:
    if not scope:
        raise ValueError("names nobody and so everybody: say whom it is for")
    return scope


def _rollup(value: Any) -> Rollup:
    if not isinstance(value, list | tuple) or any(not isinstance(each, str) for each in value):
        raise ValueError("should be a list of dimensions such as [env, team]")
    if len(set(value)) != len(value):
        raise ValueError("names a dimension twice")
    return tuple(sorted(_dimension(each) for each in value))


def _duration_schema() -> dict[str, Any]:
    return {"type": "string", "pattern": r"^\d{1,9}(ms|s|m|h|d)$", "examples": ["90s", "15m", "1h"]}


def _number_schema(title: str, **bounds: float) -> dict[str, Any]:
    return {"anyOf": [{"type": "number", **bounds}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}], "description": title}


_SCOPE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "object", "propertyNames": {"enum": list(DIMENSIONS)}, "additionalProperties": {"type": "string", "minLength": 1}},
        {"type": "string", "minLength": 1},
    ],
    "description": "a scope: {tenant: acme} or tenant=acme",
}

_IsScope = (BeforeValidator(exact_scope), PlainSerializer(dict), WithJsonSchema(_SCOPE_SCHEMA))

Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, Field(min_length=1, max_length=256, pattern=r"\S")]
Name = Annotated[str, Field(pattern=_NAME)]
Duration = Annotated[int, BeforeValidator(duration_ms), PlainSerializer(duration_text), WithJsonSchema(_duration_schema())]
"""Milliseconds; written as `90s`, `15m`, `1h`."""
Usd = Annotated[
    Decimal,
    BeforeValidator(exact_decimal),
    Field(ge=0),
    PlainSerializer(lambda usd: f"{usd:f}"),
    WithJsonSchema(_number_schema("US dollars", minimum=0)),
]
"""Dollars, exact, never negative."""
Share = Annotated[float, BeforeValidator(_real), Field(gt=0, le=1), WithJsonSchema(_number_schema("a share of one", maximum=1))]
"""A share above 0, at most 1."""
Ratio = Annotated[float, BeforeValidator(_real), Field(gt=0, le=100), WithJsonSchema(_number_schema("a ratio, 1 is all of it"))]
AnyScope = Annotated[Scope, *_IsScope]
"""A scope; `{}` and `global` mean everything."""
NarrowScope = Annotated[Scope, *_IsScope, AfterValidator(_narrow)]
"""A scope that names somebody: the empty scope is refused."""
RollupKey = Annotated[
    Rollup,
    BeforeValidator(_rollup),
    PlainSerializer(list),
    WithJsonSchema({"type": "array", "items": {"enum": list(DIMENSIONS)}, "uniqueItems": True}),
]


def written(name: str, default: Any) -> Any:
    """A field whose key in the file is `name`, with a default written as in the file."""
    return Field(default=default, alias=name)
