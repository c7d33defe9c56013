"""The words of telemetry: one usage record, one attempt of one request, as it stands in JSON (design 4.1)."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Result = Literal["ok", "error", "timeout", "cancelled", "throttled"]
Cohort = Literal["canary", "baseline", ""]
Job = Literal["inference", "batch", "training", "embedding"]

STRINGS = (
    "provider", "response_model", "model_version", "prompt_version", "service_tier",
    "tenant", "team", "service", "feature", "workflow", "env", "namespace", "tier", "region", "segment", "experiment", "caller",
    "session_id", "parent_session_id", "call_hash", "tool", "job_id", "gpu_type",
    "release",
)  # fmt: skip
"""Fields that may be dimensions of a roll-up, besides `model` and `cohort`."""

DIMENSIONS = frozenset({*STRINGS, "model", "cohort"})
"""Every field that a roll-up may be made of."""

TEXTS = (*STRINGS, "event_id", "model", "operation_id", "error_class")
"""Every field whose characters are free."""

TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
"""Every field that counts tokens."""

MAX_BYTES = 65_536
"""Longest record."""

MAX_TEXT_BYTES = 256
"""Longest string of a record, in UTF-8."""

MAX_NAME = 128
"""Longest name of a model or an event."""

MAX_TOKENS = 1_000_000_000
"""Largest count of tokens."""

MAX_ATTEMPT = 1000
"""Number of the last attempt that is counted."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MS = dt.timedelta(milliseconds=1)

Text = Annotated[str, Meta(max_length=MAX_TEXT_BYTES)]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
Tokens = Annotated[int, Meta(ge=0, le=MAX_TOKENS)]
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Amount = Annotated[float, Meta(ge=0)]


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A usage record of the right types; `decode` says what else it takes to be accepted.

    `None` is what is absent or null. Times and the defaults that depend on other fields are what the functions below say.

    The decoder looks for each name from the field after the last one on, so fields stand in the order in which gateways write
    them, rare ones last: about a seventh of the time of decoding.
    """

    event_id: Name
    operation_id: Text | None = None
    attempt: Annotated[int, Meta(ge=1, le=MAX_ATTEMPT)] | None = None
    ts: Annotated[dt.datetime, Meta(tz=True)] | int
    tenant: Text | None = None
    feature: Text | None = None
    service: Text | None = None
    team: Text | None = None
    env: Text | None = None
    provider: Text | None = None
    model: Name
    tier: Text | None = None
    region: Text | None = None
    release: Text | None = None
    input_tokens: Tokens | None
    output_tokens: Tokens | None
    cached_input_tokens: Tokens | None = None
    cache_write_tokens: Tokens | None = None
    reasoning_tokens: Tokens | None = None
    session_id: Text | None = None
    latency_ms: Amount | None = None
    ttft_ms: Amount | None = None
    status: Whole | None = None
    result: Result | None = None
    error_class: Text | None = None
    cost_usd: Decimal | None = None
    response_model: Text | None = None
    model_version: Text | None = None
    prompt_version: Text | None = None
    service_tier: Text | None = None
    workflow: Text | None = None
    namespace: Text | None = None
    segment: Text | None = None
    experiment: Text | None = None
    caller: Text | None = None
    parent_session_id: Text | None = None
    call_hash: Text | None = None
    tool: Text | None = None
    job_id: Text | None = None
    gpu_type: Text | None = None
    cohort: Cohort | None = None
    job: Job | None = None
    gpu_seconds: Amount | None = None
    cache_hit: bool | None = None
    quality: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: Whole | None = None


def ts_ms(usage: Usage) -> int:
    """When the attempt ended, in whole epoch milliseconds, rounded down."""
    return usage.ts if isinstance(usage.ts, int) else (usage.ts - _EPOCH) // _MS


def result_of(result: Result | None, status: int | None) -> Result:
    """What became of the attempt; from the status where the record does not say.

    >>> result_of(None, None), result_of(None, 504), result_of(None, 429), result_of("ok", 500)
    ('ok', 'timeout', 'throttled', 'ok')
    """
    if result is not None:
        return result
    if status is None or status < 400:
        return "ok"
    return _BY_STATUS.get(status, "error")


_BY_STATUS: dict[int, Result] = {408: "timeout", 504: "timeout", 429: "throttled", 499: "cancelled"}
