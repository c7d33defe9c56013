"""A remedy that the policy asks for, with all that may speak against it."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.cases import Case, Held, Taken
from actions.decision import Action, Reason
from actions.policy.remedies import Remedy, Safety
from detectors.anomaly import Anomaly


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a rule looks at.

    Attributes:
        target: whom it is for, "" when that is nobody or everybody.
        held: the throttle that stands on the target now.
        crowded: roll-ups of which very many scopes alarm together.
        taken: destructive actions of the last hour.
        releases: what was done to releases, ever.
        release_key: `action|service|release` of what is to be done to a release, else "".
        now_ms: end of the window, event time.
    """

    anomaly: Anomaly
    remedy: Remedy
    action: Action
    target: str
    case: Case
    held: Held | None
    crowded: frozenset[str]
    taken: Sequence[Taken]
    releases: Sequence[str]
    release_key: str
    safety: Safety
    now_ms: int

    @property
    def escalates(self) -> bool:
        """Whether it raises a throttle that stands already."""
        held = self.held
        return held is not None and held.letting_go is not Reason.EXPIRED and self.remedy.level > held.level
