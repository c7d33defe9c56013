"""The words of telemetry: one usage record, one attempt of one request."""

from typing import Literal

import msgspec

Result = Literal["ok", "error", "timeout", "cancelled", "throttled"]

STRINGS = (
    "provider", "response_model", "model_version", "prompt_version", "service_tier",
    "tenant", "team", "service", "feature", "workflow", "env", "namespace", "tier", "region", "segment", "experiment", "caller",
    "session_id", "parent_session_id", "call_hash", "tool", "job_id", "gpu_type",
    "release",
)  # fmt: skip
"""Fields that may be dimensions of a roll-up, besides `model` and `cohort`."""


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A usage record that was accepted: design 4.1, with defaults filled in and times as epoch milliseconds.

    Absent strings are "". `input_tokens` and `output_tokens` are 0 where `unknown_usage` is True.
    """

    event_id: str
    ts_ms: int
    model: str
    input_tokens: int
    output_tokens: int
    unknown_usage: bool = False
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    operation_id: str = ""
    attempt: int = 1
    result: Result = "ok"
    status: int | None = None
    cost_nanos: int | None = None
