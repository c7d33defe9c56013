"""Abnormal scopes of one window after another -> anomalies when an episode opens or rises, and its end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from detectors.anomaly import Abnormal, Anomaly, Ended, Severity
from detectors.canonical import time_text, usd_text
from detectors.scope import Scope, parse_scope, rollup_of, scope_text


@dataclass(slots=True)
class _Episode:
    """One (detector, scope) from its first abnormal window until it has been calm for long enough."""

    since_ms: int
    severity: Severity
    cost_nanos: int
    abnormal_until_ms: int


def unchanged(abnormal: Abnormal) -> Abnormal:
    """The abnormal scope as it is."""
    return abnormal


class Episodes:
    """The open episodes of all detectors.

    An episode opens with the first abnormal window and ends when no window was abnormal for `calm_ms`: input that swings around a
    threshold stays one episode. Its severity only rises.
    """

    def __init__(self, *, calm_ms: int, policy_version: str) -> None:
        self.calm_ms = calm_ms
        self.policy_version = policy_version
        self._open: dict[tuple[str, Scope], _Episode] = {}

    def cost_nanos(self, detector: str, scope: Scope) -> int:
        """Nano-dollars that the open episode has cost so far; 0 without one."""
        episode = self._open.get((detector, scope))
        return episode.cost_nanos if episode else 0

    def take(
        self, detector: str, abnormals: Sequence[Abnormal], end_ms: int, *, say: Callable[[Abnormal], Abnormal] = unchanged
    ) -> Iterator[Anomaly]:
        """Book the abnormal scopes of the window that ends at `end_ms`; what opened or rose, in the order of scope texts.

        `say` completes what is told of those, and is asked for no other.
        """
        for abnormal in sorted(abnormals, key=lambda each: scope_text(each.scope)):
            key = (detector, abnormal.scope)
            episode = self._open.get(key)
            opened = episode is None
            if episode is None:
                episode = self._open[key] = _Episode(abnormal.since_ms, abnormal.severity, 0, end_ms)
            episode.cost_nanos += abnormal.excess_nanos
            episode.abnormal_until_ms = end_ms
            if opened or abnormal.severity.rank > episode.severity.rank:
                episode.severity = abnormal.severity
                yield Anomaly.of(
                    say(abnormal),
                    detector=detector,
                    since_ms=episode.since_ms,
                    end_ms=end_ms,
                    cost_nanos=episode.cost_nanos,
                    policy_version=self.policy_version,
                )

    def hold(self, start_ms: int, end_ms: int) -> None:
        """Nothing could be seen to be calm in the window [start_ms, end_ms): it counts for no episode's calm time."""
        for each in self._open.values():
            each.abnormal_until_ms += (end_ms - start_ms) * (each.abnormal_until_ms < end_ms)

    def end(self, end_ms: int, *, calm_ms: dict[str, int]) -> Iterator[Ended]:
        """The episodes that have been calm for long enough by `end_ms`, in the order of (detector, scope text)."""
        calm = [key for key, each in self._open.items() if end_ms - each.abnormal_until_ms >= calm_ms.get(key[0], self.calm_ms)]
        for detector, scope in sorted(calm, key=lambda key: (key[0], scope_text(key[1]))):
            episode = self._open.pop((detector, scope))
            yield Ended(detector=detector, scope=dict(scope), window_end=time_text(end_ms), cost_usd=usd_text(episode.cost_nanos))

    def alarming(self, end_ms: int) -> dict[str, int]:
        """How many scopes of each roll-up were abnormal in the window that ends at `end_ms`, with severity >= error."""
        scopes = {
            scope
            for (_, scope), each in self._open.items()
            if each.severity.rank >= Severity.ERROR.rank and each.abnormal_until_ms == end_ms
        }
        counts: dict[str, int] = {}
        for scope in scopes:
            name = "+".join(rollup_of(scope)) or "global"
            counts[name] = counts.get(name, 0) + 1
        return dict(sorted(counts.items()))

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"open": [[detector, scope_text(scope), asdict(each)] for (detector, scope), each in self._open.items()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._open = {
            (detector, parse_scope(text)): _Episode(**{**each, "severity": Severity(each["severity"])})
            for detector, text, each in state["open"]
        }
