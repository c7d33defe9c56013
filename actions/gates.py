"""The world as it is when an effect is due -> what holds it back, or nothing. Pure.

Pages fail open, destructive actions fail closed, and letting go is always allowed:

- `observe` and `shadow` act on nothing, `page` takes no remedies, `approve` asks first.
- A worker that works off history it never acted on (catch-up) acts on nothing.
- `freeze` stops every action that takes something away, renewals included, so that throttles lapse; on-call is still paged.
- Blind, lagging or stale: destructive actions are held back; a page goes out until its evidence is 24 h old, since the incident
  that it tells of lasts. Of an incident that is over by now nobody is told on stale evidence.
- A lift, a step down and an end of hold pass all of that as long as a throttle that was really set stands on the target: also
  when the mode was changed to shadow meanwhile.
"""

from dataclasses import dataclass

from actions.decision import Action, Decision, Reason
from actions.policy.model import Mode
from actions.receipt import Hindrance

STALE_S = 120.0
"""Default age from which evidence proves nothing about now."""
LAG_S = 60.0
"""A worker that lags more than this does not see now."""
PAGE_KEPT_S = 24 * 3600.0
"""How long an undelivered page is kept."""
APPROVAL_S = 900.0
"""How long a person may take to agree; as long as the longest lease."""

PAGES = frozenset({Action.PAGE, Action.TICKET, Action.NOTIFY})
"""Actions that tell somebody, and take nothing away."""
_LETTING_GO = frozenset({Reason.RELEASED, Reason.LIFTED_BY_HAND, Reason.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What gates look at.

    Attributes:
        evidence_age_s: now less the decision's `ts`, on the worker's clock (wall or stream).
        lag_s: how far behind the log this worker is, in seconds of arrival.
        blind: some of the traffic is not seen.
        catching_up: this worker works off history that it never acted on.
        clock_sane: the wall clock has not jumped lately.
        approved: what a person said of this decision; None when nobody has yet.
        standing: a throttle that was really set stands on the decision's target.
        over: nothing is left to tell: the incident is over, and of its end only those are told who heard of it.
        stale_s: evidence older than this proves nothing about now; the policy's `safety.stale`.
    """

    mode: Mode = Mode.SHADOW
    frozen: bool = False
    evidence_age_s: float = 0.0
    lag_s: float = 0.0
    blind: bool = False
    catching_up: bool = False
    clock_sane: bool = True
    approved: bool | None = None
    standing: bool = False
    over: bool = False
    stale_s: float = STALE_S


def lets_go(decision: Decision) -> bool:
    """Whether a decision gives back what was taken."""
    return decision.action is Action.LIFT_THROTTLE or (decision.action is Action.THROTTLE and decision.reason in _LETTING_GO)


def hindrance(decision: Decision, world: World) -> Hindrance:
    """What holds the decision back now; `NOTHING` lets it pass."""
    if lets_go(decision) and world.standing:
        return Hindrance.NOTHING
    mode = {Mode.OBSERVE: Hindrance.OBSERVE, Mode.SHADOW: Hindrance.SHADOW}.get(world.mode)
    if mode is not None:
        return mode
    if world.catching_up:
        return Hindrance.CATCH_UP
    if decision.action in PAGES:
        kept_s = world.stale_s if world.over else PAGE_KEPT_S
        return Hindrance.STALE if world.evidence_age_s > kept_s else Hindrance.NOTHING
    return _against_controls(decision, world)


def _against_controls(decision: Decision, world: World) -> Hindrance:
    if world.mode is Mode.PAGE:
        return Hindrance.PAGE_ONLY
    if lets_go(decision) or not decision.action.destructive:
        return Hindrance.NOTHING
    if world.frozen:
        return Hindrance.FROZEN
    if world.blind:
        return Hindrance.BLIND
    agreed = world.mode is Mode.APPROVE and world.approved is True
    too_old = world.evidence_age_s > (APPROVAL_S if world.mode is Mode.APPROVE else world.stale_s)
    if too_old or world.lag_s > LAG_S or not world.clock_sane:
        return Hindrance.STALE
    return Hindrance.APPROVAL if world.mode is Mode.APPROVE and not agreed else Hindrance.NOTHING
