"""Facts of services and of everything -> who used to speak and has fallen silent, and which source partitions cannot be heard."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from detectors.anomaly import Abnormal, Severity
from detectors.canonical import time_text
from detectors.facts import Blindness, WindowFacts
from detectors.scope import GLOBAL, Rollup, Scope, rollup_of
from detectors.speech import Speech

GONE_S = 86_400
"""Who was silent for so long is gone."""


class TelemetrySilence:
    """A scope is silent when it was not heard for longer than any pause it is known for.

    The limit is the largest of `min_silence_s`, `gaps` mean gaps between two attempts, and `pauses` times the longest pause
    between two windows with attempts (remembered with a half-life of a day). For Poisson arrivals a gap 20 times the mean comes by
    chance with exp(-20). Where the scope was mostly silent in this hour of earlier days, silence is plausible and nothing is said.

    Windows in which a source was blind count neither as silence nor as speech; the blind partition itself is an error, with the
    scope `partition=N`, for as long as it is blind. Late records are speech. A scope that was silent for a day is gone: nothing
    more is said, and it has to warm up again.

    Everything silent is an error, one service a warning: when the last service speaks no more, so does everything.

    Args:
        min_silence_s: nobody is silent before.
        gaps, pauses: multiples of what is ordinary; larger ones find later and err less.
        warm_s, warm_attempts: history that a service needs; everything together needs a sixth of the time.
        rollups: whom to listen to.
    """

    name: ClassVar[str] = "telemetry_silence"
    needs_warm_up: ClassVar[bool] = False
    needs_money_floor: ClassVar[bool] = False

    def __init__(
        self,
        *,
        min_silence_s: float = 60,
        gaps: float = 20,
        pauses: float = 3,
        warm_s: float = 3_600,
        warm_attempts: int = 50,
        rollups: Sequence[Rollup] = ((), ("service",)),
    ) -> None:
        if min(min_silence_s, gaps, pauses) <= 0:
            raise ValueError("min_silence_s, gaps and pauses must be above 0")
        self._limits = (min_silence_s, gaps, pauses)
        self._warm = (warm_s, warm_attempts)
        self._speech = {tuple(rollup): Speech() for rollup in rollups}

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """Those it listens to."""
        return tuple(self._speech)

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The scopes that are silent at the end of this window."""
        late: dict[Rollup, list[Scope]] = {}
        for each in facts.late:
            late.setdefault(rollup_of(each.scope), []).append(each.scope)
        abnormals = [_unheard(each, facts.end_ms) for each in facts.blind]
        for rollup, speech in self._speech.items():
            seen = facts.rollups[rollup]
            spoke = seen.column("attempts") > 0
            for scope in late.get(rollup, ()):
                slot = seen.roster.slot(tuple(value for _, value in scope))
                if slot is not None:
                    spoke[slot] = True
            speech.hear(seen.column("attempts"), spoke, facts, reused=seen.reused)
            if facts.complete:
                abnormals += [self._abnormal(seen.roster.scopes[row], speech, row) for row in self._silent(rollup, speech)]
        return abnormals

    def _silent(self, rollup: Rollup, speech: Speech) -> list[int]:
        warm_s, warm_attempts = self._warm
        known = speech.heard_s >= (warm_s if rollup else warm_s / 6)
        known &= speech.attempts >= warm_attempts
        silent = (speech.silent_s >= speech.limit_s(*self._limits)) & (speech.silent_s <= GONE_S)
        speech.forget(np.flatnonzero(speech.silent_s > GONE_S))
        return np.flatnonzero(known & silent & ~speech.plausible()).tolist()

    def _abnormal(self, scope: Scope, speech: Speech, row: int) -> Abnormal:
        silent_s, gap_s = float(speech.silent_s[row]), float(speech.gap_s[row])
        last_ms = int(speech.last_ms[row])
        whom = "everything" if scope == GLOBAL else ", ".join(f"{dimension} {value}" for dimension, value in scope)
        return Abnormal(
            scope=scope,
            severity=Severity.ERROR if scope == GLOBAL else Severity.WARNING,
            since_ms=last_ms,
            observed=silent_s,
            expected=gap_s,
            unit="s",
            score=float(1 - np.exp(-silent_s / gap_s)),
            reason=f"{whom} is silent for {silent_s:.0f} s; an attempt came every {gap_s:.3g} s",
            excess_nanos=0,
            evidence={
                "last_heard": time_text(last_ms),
                "silent_s": silent_s,
                "limit_s": float(speech.limit_s(*self._limits)[row]),
                "attempts_per_min": 60 / gap_s,
                "longest_pause_s": float(speech.pause_s[row]),
                "active_share_of_this_hour": speech.share(row),
            },
        )

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"speech": [speech.snapshot() for speech in self._speech.values()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        for speech, each in zip(self._speech.values(), state["speech"], strict=True):
            speech.restore(each)


def _unheard(blind: Blindness, end_ms: int) -> Abnormal:
    """A source partition that is blind."""
    since_ms = blind.seen_ms or end_ms
    return Abnormal(
        scope=(("partition", str(blind.partition)),),
        severity=Severity.ERROR,
        since_ms=since_ms,
        observed=(end_ms - since_ms) / 1000,
        expected=0.0,
        unit="s",
        score=1.0,
        reason=f"source partition {blind.partition} is {blind.why}: no fall and no silence is judged, and no remedy taken",
        excess_nanos=0,
        evidence={"why": blind.why, "last_seen": time_text(blind.seen_ms) if blind.seen_ms else None},
    )
