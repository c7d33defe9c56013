"""Times of records without arrival -> which are believed at once, later, or never."""

import enum
from collections.abc import Sequence

from streams.window import Timing

_AGREEING = 3


class Verdict(enum.Enum):
    """What becomes of a record of a plain file."""

    ADMITTED = enum.auto()
    HELD = enum.auto()
    FUTURE = enum.auto()
    TOO_OLD = enum.auto()


def verdicts(ts_ms: Sequence[int], clock_ms: int | None, *, timing: Timing, ended: bool) -> list[Verdict]:
    """The put-aside rule of engine.md, "Time", for records in the order of the file.

    A record more than an hour ahead of the clock is held. When three in a row are and lie within one hour, they are admitted;
    when another record comes before that, those held are `future`. Refused records do not count as records here. The first
    record of a file has no clock to be judged by, so it is judged by the two after it: where these lie within one hour, it is
    `future` when it is more than one hour ahead of both, and `too_old` when it is further behind both than a correction may be.

    Args:
        ts_ms: event times; those that were held before come first.
        clock_ms: the clock before them, None at the start of a file.
        timing: the settings.
        ended: no more records come, so that none stays held.
    """
    found: list[Verdict] = []
    while clock_ms is None and len(found) < len(ts_ms):
        rest = ts_ms[len(found) :]
        if len(rest) < _AGREEING and not ended:
            return found + [Verdict.HELD] * len(rest)
        first = _first(rest, timing)
        clock_ms = rest[0] if first is Verdict.ADMITTED else None
        found.append(first)
    if clock_ms is None:
        return found
    return found + _rest(ts_ms[len(found) :], clock_ms, timing=timing, ended=ended)


def _first(ts_ms: Sequence[int], timing: Timing) -> Verdict:
    if len(ts_ms) < _AGREEING:
        return Verdict.ADMITTED
    low, high = sorted(ts_ms[1:_AGREEING])
    if high - low > timing.jump_ms:
        return Verdict.ADMITTED
    if ts_ms[0] > high + timing.jump_ms:
        return Verdict.FUTURE
    return Verdict.TOO_OLD if ts_ms[0] < low - timing.correction_ms else Verdict.ADMITTED


def _rest(ts_ms: Sequence[int], clock_ms: int, *, timing: Timing, ended: bool) -> list[Verdict]:
    found: list[Verdict] = []
    held: list[int] = []
    for at_ms in ts_ms:
        ahead = at_ms > clock_ms + timing.jump_ms
        if held and not (ahead and max(*held, at_ms) - min(*held, at_ms) <= timing.jump_ms):
            found += [Verdict.FUTURE] * len(held)
            held = []
        if ahead:
            held.append(at_ms)
        if len(held) == _AGREEING:
            found += [Verdict.ADMITTED] * _AGREEING
            clock_ms, held = max(held), []
        elif not ahead:
            found.append(Verdict.ADMITTED)
            clock_ms = max(clock_ms, at_ms)
    return found + [Verdict.FUTURE if ended else Verdict.HELD] * len(held)
