"""What a person asks for -> a record of `tidegate.control`."""

import uuid
from collections.abc import Mapping
from typing import Any

from actions.control import Control, ControlKind
from detectors.canonical import encode
from streams.log.append import Record
from streams.now import wall_ms
from streams.window import Timing


def control_of(
    kind: ControlKind, *, by: str, params: Mapping[str, Any], now_ms: int | None = None, timing: Timing | None = None
) -> Control:
    """A control that governs from the window that is open at `now_ms`, the wall clock's now by default.

    That window is judged later than the control is written, so that it is no matter of luck which window is the first.
    """
    at_ms, window_ms = wall_ms(), (timing or Timing()).window_ms
    start_ms = (at_ms if now_ms is None else now_ms) // window_ms * window_ms
    return Control(id=uuid.uuid4().hex, at_ms=at_ms, by=by, kind=kind, window_start_ms=start_ms, params=dict(params))


def record_of_control(control: Control) -> Record:
    """As it is written; the key is its id."""
    return Record(control.id.encode(), encode(control))
