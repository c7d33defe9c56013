"""What a person asks for: a record of `tidegate.control`, with the first window that it governs."""

import enum
from typing import Any

import msgspec


class ControlKind(enum.StrEnum):
    """What is asked. Only `lift` changes what is decided; the others change what becomes of decisions."""

    FREEZE = "freeze"  # nothing is done to anybody until unfreeze
    UNFREEZE = "unfreeze"
    LIFT = "lift"  # params: {"scope": scope text}; its throttle is taken away
    APPROVE = "approve"  # params: {"decision_id": id}; it may be done
    REFUSE = "refuse"  # params: {"decision_id": id}; it will not be done


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """One request of one person.

    Attributes:
        id: unique; a control that comes twice counts once.
        at_ms: when it was asked, by the wall clock.
        by: who asked.
        window_start_ms: start of the first window that it governs.
        params: as the kind says.
    """

    id: str
    at_ms: int
    by: str
    kind: ControlKind
    window_start_ms: int
    params: dict[str, Any] = {}
