"""Throttles in force -> the decisions that take, renew, raise, lower and lift them."""

from collections.abc import Callable, Iterator
from typing import Any

from actions.cases import Cause, Held, Memory, Taken
from actions.control import Control
from actions.decision import Action, Decision, Reason
from actions.incidents import crowded_rollups
from actions.leases import Step, next_step, set_level
from actions.policy.model import Policy
from actions.rules import ALL_WITHIN_MS, is_protected, within
from actions.targets import limit_of
from actions.tell import expired
from detectors.anomaly import Judgement
from detectors.canonical import content_id, parse_time, time_text
from detectors.scope import parse_scope, rollup_of


class Throttling:
    """Keeps the throttles of a memory. A throttle is taken to succeed; its lease bounds what it does when that is wrong."""

    def __init__(self, policy: Policy, memory: Memory) -> None:
        self._policy = policy
        self._memory = memory

    def take(self, held: Held, level: int, ts: str, reason: Reason) -> Decision:
        """Take a throttle, or bring one that stands to another level, or begin a new lease of it."""
        now_ms = parse_time(ts)
        fresh = held.scope not in self._memory.held
        if fresh or reason is Reason.ESCALATED:
            self._memory.taken.append(Taken(now_ms, held.scope, fresh))
        self._memory.held[held.scope] = held
        set_level(held, level, now_ms, self._policy.safety)
        return self._decision(held, Action.THROTTLE, reason, ts)

    def join(self, held: Held, cause: Cause) -> None:
        """Another episode wants a throttle that stands: it is kept for that one too, unless it was held for too long."""
        if held.letting_go is not Reason.EXPIRED:
            held.letting_go = None
            held.causes = list(dict.fromkeys((*held.causes, cause)))
            _pass_on(held)

    def drop(self, gone: Callable[[Held, Cause], bool]) -> None:
        """Some causes are gone; throttles without a cause are let go."""
        for held in self._memory.held.values():
            held.causes = [each for each in held.causes if not gone(held, each)]
            if held.causes:
                _pass_on(held)
            else:
                held.letting_go = held.letting_go or Reason.RELEASED

    def lift_by_hand(self, control: Control, ts: str) -> Iterator[Decision]:
        """A person takes away the throttles of a scope and of all within it; these incidents do not bring them back."""
        asked = set(parse_scope(str(control.params.get("scope", ""))))
        for scope in sorted(self._memory.held):
            if asked <= set(parse_scope(scope)):
                held = self._memory.held[scope]
                self._spend(held)
                yield self._lift(held, Reason.LIFTED_BY_HAND, ts, by=control.by, control_id=control.id)

    def keep(self, judgement: Judgement) -> Iterator[Decision]:
        """What has to be done about the throttles at the end of a window."""
        now_ms, crowded = parse_time(judgement.window_end), crowded_rollups(judgement, self._policy.safety)
        for scope in sorted(self._memory.held):
            held = self._memory.held[scope]
            step = next_step(held, now_ms, self._policy.safety)
            if step is Step.ESCALATE and not self._may_escalate(held, now_ms, crowded):
                step = next_step(held, now_ms, self._policy.safety, escalate=False)
            yield from self._step(held, step, judgement.window_end)

    def _step(self, held: Held, step: Step, ts: str) -> Iterator[Decision]:
        if step is Step.RENEW:
            yield self.take(held, held.level, ts, Reason.RENEWED)
        elif step is Step.ESCALATE:
            yield self.take(held, held.level + 1, ts, Reason.ESCALATED)
        elif step is Step.EXPIRE:
            yield from self._expire(held, ts)
        elif step is Step.DOWN:
            yield self._down(held, ts)

    def _expire(self, held: Held, ts: str) -> Iterator[Decision]:
        self._spend(held)
        case = self._memory.cases.get(held.incident_id)
        if case is not None:
            yield from expired(case, self._policy.routes, held.scope, held.origin, ts)
        held.letting_go = Reason.EXPIRED
        yield self._down(held, ts)

    def _down(self, held: Held, ts: str) -> Decision:
        reason = held.letting_go or Reason.RELEASED
        return self.take(held, held.level - 1, ts, reason) if held.level > 1 else self._lift(held, reason, ts)

    def _lift(self, held: Held, reason: Reason, ts: str, **why: str) -> Decision:
        del self._memory.held[held.scope]
        held.level = 0
        held.rung += 1
        return self._decision(held, Action.LIFT_THROTTLE, reason, ts, **why)

    def _spend(self, held: Held) -> None:
        """The incidents of a throttle do not take it again."""
        for incident_id in {held.incident_id, *(each.incident_id for each in held.causes)}:
            case = self._memory.cases.get(incident_id)
            if case is not None:
                case.done.append(f"{Action.THROTTLE}|{held.scope}")

    def _may_escalate(self, held: Held, now_ms: int, crowded: frozenset[str]) -> bool:
        scope = parse_scope(held.scope)
        if "+".join(rollup_of(scope)) in crowded or is_protected(scope, self._policy.safety.protected):
            return False
        return within(self._memory.taken, now_ms, ALL_WITHIN_MS) < self._policy.safety.max_destructive

    def _decision(self, held: Held, action: Action, reason: Reason, ts: str, **why: str) -> Decision:
        return Decision(
            id=content_id(held.incident_id, action.value, held.scope, f"{held.origin}.{held.rung}"),
            incident_id=held.incident_id,
            ts=ts,
            action=action,
            target=held.scope,
            params={**self._limits(held), "via": held.via, "why": held.why, **why},
            reason=reason,
            dedup_key=held.incident_id,
        )

    def _limits(self, held: Held) -> dict[str, Any]:
        if held.level == 0:
            return {"level": 0, "factor": 1.0, "limit": None, "until": None}
        factor = self._policy.safety.throttle_factors[held.level - 1]
        limit = limit_of(held.scope, factor, self._policy.quotas)
        return {"level": held.level, "factor": factor, "limit": limit, "until": time_text(held.until_ms)}


def _pass_on(held: Held) -> None:
    """A throttle belongs to one of the incidents that want it."""
    if all(each.incident_id != held.incident_id for each in held.causes):
        held.incident_id = held.causes[0].incident_id
