"""Columns of attempts -> usage records as bytes of JSON, one a record."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from streams.simulate.attempts import Column
from streams.simulate.lanes import Lanes

Int64 = NDArray[np.int64]

_SLICE = 1_000
"""Records formatted at once: what they take still fits into the cache, which halves the time."""
_TEMPLATE = (
    '{"event_id":"%(tag)s-%%x-%%d","operation_id":"%(tag)s-%%x","attempt":%%d,"ts":%%s%%s,"input_tokens":%%s,"output_tokens":%%s,'
    '"cached_input_tokens":%%d,"reasoning_tokens":%%d,"session_id":"%(tag)s-%%d-%%x","latency_ms":%%d,"ttft_ms":%%d,%%s}'
)
_OUTCOMES = (
    '"status":200',
    '"status":503,"result":"error","error_class":"overloaded"',
    '"status":504,"result":"timeout","error_class":"timeout"',
    '"status":499,"result":"cancelled","error_class":"client_deadline"',
    '"status":429,"result":"throttled","error_class":"rate_limited"',
    '"status":500,"result":"error","error_class":"bad_answer"',
)
"""The end of a record, by Outcome."""


class _Shared(dict[int, str]):
    """What the records of a lane and an arm share, by lane x arms + arm; made when first asked for."""

    def __init__(self, lanes: Sequence[str], arms: Sequence[str]) -> None:
        super().__init__()
        self._lanes, self._arms = lanes, arms

    def __missing__(self, both: int) -> str:
        lane, arm = divmod(both, len(self._arms))
        text = self[both] = self._lanes[lane] + self._arms[arm]
        return text


class Wire:
    """Writes records; what many of them share is text already.

    Args:
        lanes: Who the records are of.
        arms: What a record says of release and cohort, by arm.
        tag: Begins every id, so that ids of different simulations differ.
        time_format: `epoch_ms` or `rfc3339`.
    """

    def __init__(self, lanes: Lanes, arms: Sequence[str], *, tag: str, time_format: str) -> None:
        self._template = _TEMPLATE % {"tag": tag}
        self._arms = len(arms)
        self._shared = _Shared(lanes.texts, arms)
        self._tenant = lanes.tenant
        self._time_format = time_format

    def write(self, rows: Int64, arm: Int64) -> list[bytes]:
        """One JSON object an attempt; `arm` is the arm of each."""
        values: list[bytes] = []
        for start in range(0, rows.shape[1], _SLICE):
            lines = map(self._template.__mod__, self._fields(rows[:, start : start + _SLICE], arm[start : start + _SLICE]))
            values += "\n".join(lines).encode().split(b"\n")
        return values

    def _fields(self, rows: Int64, arm: Int64) -> Iterator[tuple[object, ...]]:
        lane, operation, attempt = rows[Column.LANE], rows[Column.OPERATION].tolist(), rows[Column.ATTEMPT].tolist()
        return zip(
            operation,
            attempt,
            operation,
            attempt,
            self._times(rows[Column.TS_MS]),
            map(self._shared.__getitem__, (lane * self._arms + arm).tolist()),
            _tokens(rows[Column.INPUT]),
            _tokens(rows[Column.OUTPUT]),
            rows[Column.CACHED].tolist(),
            rows[Column.REASONING].tolist(),
            self._tenant[lane].tolist(),
            rows[Column.SESSION].tolist(),
            rows[Column.LATENCY_MS].tolist(),
            rows[Column.TTFT_MS].tolist(),
            map(_OUTCOMES.__getitem__, rows[Column.OUTCOME].tolist()),
            strict=True,
        )

    def _times(self, ts_ms: Int64) -> Sequence[int | str]:
        if self._time_format == "rfc3339":
            return [f'"{text}Z"' for text in np.datetime_as_string(ts_ms.astype("M8[ms]"))]
        plain: list[int] = ts_ms.tolist()
        return plain


def _tokens(tokens: Int64) -> Sequence[int | str]:
    known: list[int] = tokens.tolist()
    return known if not len(tokens) or tokens.min() >= 0 else ["null" if count < 0 else count for count in known]
