"""Judgements, changes of incidents and controls -> decisions: who is told, what is taken, renewed, raised, lowered and lifted."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from actions.cases import Case, Memory
from actions.control import Control, ControlKind
from actions.decision import Decision
from actions.incidents import ChangeKind, IncidentChange, crowded_rollups
from actions.open_incident import episode_of
from actions.policy.model import Policy
from actions.remedy import Remedies
from actions.rules import SCOPE_WITHIN_MS
from actions.tell import told
from actions.throttling import Throttling
from actions.trace import provider_fault
from detectors.anomaly import Judgement
from detectors.canonical import parse_time
from detectors.scope import parse_scope

HEARD = 1_000
"""Controls whose ids are remembered, so that one that comes twice counts once."""


class Decider:
    """What the policy says to do. Pure: the same judgements, changes and controls in order give the same decisions.

    Neither the mode nor what became of earlier decisions changes a decision; both only change receipts.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._set(Memory())

    def _set(self, memory: Memory) -> None:
        self._memory = memory
        self._throttling = Throttling(self._policy, memory)
        self._remedies = Remedies(self._policy, memory, self._throttling)

    def decide(self, judgement: Judgement, changes: Sequence[IncidentChange], controls: Iterable[Control] = ()) -> list[Decision]:
        """The decisions of one window, in the order in which they are to be done.

        Args:
            judgement: of the window.
            changes: what `Incidents.observe` says of it.
            controls: any that have come; each takes effect once, with the first window that it governs.
        """
        ts = judgement.window_end
        self._forget_old(parse_time(ts))
        decisions = list(self._obey(controls, judgement))
        over = {episode_of(each) for each in judgement.ended}
        self._throttling.drop(lambda _, cause: cause.episode in over)
        for change in changes:
            decisions += self._tell(change, ts)
        crowded = crowded_rollups(judgement, self._policy.safety)
        for change in changes:
            if change.incident.id in self._memory.cases:
                case = self._memory.cases[change.incident.id]
                decisions += self._remedies.consider(case, change.anomalies, crowded, ts)
        decisions += self._throttling.keep(judgement)
        return decisions

    def _tell(self, change: IncidentChange, ts: str) -> Iterator[Decision]:
        incident = change.incident
        case = self._memory.cases.setdefault(incident.id, Case(incident))
        case.incident = incident
        if not case.provider_fault and any(provider_fault(each) for each in change.anomalies):
            case.provider_fault = True
            self._spare_users(incident.id)
        yield from told(case, change, self._policy.routes, ts)
        if change.kind is ChangeKind.RESOLVED:
            del self._memory.cases[incident.id]
            self._throttling.drop(lambda _, cause: cause.incident_id == incident.id)

    def _spare_users(self, incident_id: str) -> None:
        """A provider is to blame after all: throttles of its users are let go."""
        self._throttling.drop(
            lambda held, cause: cause.incident_id == incident_id and "provider" not in dict(parse_scope(held.scope))
        )

    def _obey(self, controls: Iterable[Control], judgement: Judgement) -> Iterator[Decision]:
        memory = self._memory
        for control in controls:
            if control.kind is ControlKind.LIFT and control.id not in memory.heard:
                memory.heard = [*memory.heard, control.id][-HEARD:]
                memory.pending.append(control)
        start_ms = parse_time(judgement.window_start)
        due = [each for each in memory.pending if each.window_start_ms <= start_ms]
        memory.pending = [each for each in memory.pending if each.window_start_ms > start_ms]
        for control in sorted(due, key=lambda each: (each.window_start_ms, each.id)):
            yield from self._throttling.lift_by_hand(control, judgement.window_end)

    def _forget_old(self, now_ms: int) -> None:
        self._memory.taken[:] = [each for each in self._memory.taken if now_ms - each.at_ms < SCOPE_WITHIN_MS]

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back: dicts, lists, strings, numbers."""
        state: dict[str, Any] = msgspec.to_builtins(self._memory)
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._set(msgspec.convert(state, Memory))
