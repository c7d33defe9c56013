"""The contract of a detector."""

from typing import Any, ClassVar, Protocol, runtime_checkable

from detectors.anomaly import Abnormal
from detectors.facts import WindowFacts
from detectors.scope import Rollup


class Detector(Protocol):
    """Finds what is abnormal in one complete window after another.

    `judge` is called once for each window, in order, also for windows without a record. It scores first and learns afterwards
    from what it did not call abnormal. It reads nothing but its arguments and its own state, changes none of its arguments, and
    looks at no later window. State is arrays over roster slots, which it grows when a roster has grown.

    Class attributes:
        name: as in design 4.5; the name of the module.
        needs_warm_up: the severity is capped at warning while the scope is cold.
        needs_money_floor: the severity is capped at warning while the excess of the episode is below the money floor.
    """

    name: ClassVar[str]
    needs_warm_up: ClassVar[bool]
    needs_money_floor: ClassVar[bool]

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The roll-ups whose facts it reads; they are present in every WindowFacts."""
        ...

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The abnormal scopes of this window, in any order."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """State as dicts and lists of str, int, float, bool, None, bytes and numpy arrays; shares no memory with the detector."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw: every later answer is the same."""
        ...


@runtime_checkable
class Explainer(Protocol):
    """A detector that can say more of an abnormal scope, and is asked only for what is written."""

    def explain(self, facts: WindowFacts, abnormal: Abnormal) -> Abnormal:
        """The abnormal scope of the window that was judged last, with all of its evidence."""
        ...


def explained(detector: Detector, facts: WindowFacts, abnormal: Abnormal) -> Abnormal:
    """The abnormal scope with all that its detector can say of it."""
    return detector.explain(facts, abnormal) if isinstance(detector, Explainer) else abnormal
