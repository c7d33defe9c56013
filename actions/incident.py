"""What an incident is: anomalies of one cause, open until resolved."""

import msgspec

from detectors.anomaly import Severity


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Design 4.3; field order is wire order. On `tidegate.incidents` and in `incidents.jsonl` the last state of an id wins.

    Attributes:
        id: hash of the first anomaly's id; also the pager's dedup key.
        opened: `window_end` of the first anomaly.
        resolved: end of the window that resolved it, or None.
        paged: a page decision exists, dry or not.
        cost_usd: dollars so far, exact decimal string; the largest of its anomalies, not their sum, since they share a cause.
    """

    id: str
    title: str
    severity: Severity
    scope: dict[str, str]
    opened: str
    resolved: str | None
    anomaly_ids: tuple[str, ...]
    paged: bool
    cost_usd: str
