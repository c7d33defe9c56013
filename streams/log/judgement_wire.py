"""A judgement -> its anomalies and one marker on `tidegate.anomalies`, and such records -> judgements again. Pure.

The marker has no value, so that whoever reads the topic naively sees anomalies and tombstones; what it says is in its headers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from detectors.anomaly import Anomaly, Judgement
from detectors.canonical import encode
from streams.log.append import Record
from streams.log.wire import END

JUDGEMENT = "tidegate-judgement"
"""Header of a marker: the judgement without its anomalies, as JSON."""
ANOMALIES = "tidegate-anomalies"
"""Header of a marker: ids of the window's anomalies in canonical order, as JSON."""

_anomaly = msgspec.json.Decoder(Anomaly)
_judgement = msgspec.json.Decoder(Judgement)


def records_of_judgement(judgement: Judgement) -> list[Record]:
    """The anomalies in canonical order, then the marker."""
    records = [Record(anomaly.id.encode(), encode(anomaly)) for anomaly in judgement.anomalies]
    bare = msgspec.structs.replace(judgement, anomalies=())
    ids = [anomaly.id for anomaly in judgement.anomalies]
    headers = ((JUDGEMENT, encode(bare)), (ANOMALIES, encode(ids)))
    return [*records, Record(f"window/{judgement.window_end}".encode(), None, headers)]


def record_of_end(end: bytes) -> Record:
    """What ends a run on a topic; `end` is its mark."""
    return Record(b"end", None, ((END, end),))


@dataclass(slots=True)
class _Waiting:
    """An anomaly whose marker has not come."""

    first_offset: int
    anomaly: Anomaly


class Judgements:
    """Puts judgements together. A window that comes again, from a restart or a second writer, is passed over."""

    def __init__(self, *, after: str = "") -> None:
        self.last_window_end = after
        """`window_end` of the last judgement, "" before the first; times in canonical form compare as text."""
        self._waiting: dict[str, _Waiting] = {}

    def add(self, offset: int, record: Record) -> Judgement | None:
        """Take a record; the judgement that its marker completes, else None."""
        if record.value is not None:
            anomaly = _anomaly.decode(record.value)
            self._waiting.setdefault(anomaly.id, _Waiting(offset, anomaly))
            return None
        headers = dict(record.headers)
        if JUDGEMENT not in headers:
            return None
        judgement = _judgement.decode(headers[JUDGEMENT])
        anomalies = tuple(self._take(msgspec.json.decode(headers[ANOMALIES], type=list[str])))
        if judgement.window_end <= self.last_window_end:
            return None
        self.last_window_end = judgement.window_end
        return msgspec.structs.replace(judgement, anomalies=anomalies)

    def _take(self, ids: list[str]) -> Iterator[Anomaly]:
        for each in ids:
            waiting = self._waiting.pop(each, None)
            if waiting is not None:
                yield waiting.anomaly

    def needed_from(self, next_offset: int) -> int:
        """The offset from which the log has to be read again by somebody who knows only whole judgements."""
        return min((each.first_offset for each in self._waiting.values()), default=next_offset)
