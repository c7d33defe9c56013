"""Decisions that wait to be sent, in the order of the ledger -> those that are due now. Pure; time is an argument.

Decisions about one thing form a *lane*: a dedup key at a pager, a scope at the quotas. A lane is worked off in order, one at a
time; lanes do not wait for each other. What failed once, or is late, and is overtaken by what waits behind it is dropped. So a
trigger never lands after its resolve.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from actions.claim import Held
from actions.decision import Action, Decision
from actions.gates import PAGES
from actions.receipt import Receipt

CAPACITY = 1_000
"""Decisions held at once; the rest stays in the ledger until there is room."""
AT_ONCE = 32
"""Decisions that are being sent at once."""
AT_ONCE_EACH = 8
"""Of those, to one receiver, so that one that hangs leaves room for the others."""

Lane = tuple[str, ...]


@dataclass(slots=True)
class Pending:
    """A decision that waits.

    Attributes:
        attempts: requests made for it.
        failures: attempts in a row that did not succeed.
        due_s: monotonic time of the next look at it.
        doubtful: an attempt may have had its effect.
        waiting: a person was asked to agree.
        first_s: monotonic time since which it waits here.
        said: the last answer.
        held: the last claim of this process.
        verdict: a receipt that is not written and told yet, and the fence it belongs to.
        counts: whether the written receipt is the one that counts; None while it is not written.
    """

    decision: Decision
    first_s: float
    attempts: int = 0
    failures: int = 0
    due_s: float = 0.0
    doubtful: bool = False
    waiting: bool = False
    said: str = ""
    held: Held | None = None
    verdict: tuple[Receipt, int | None] | None = None
    counts: bool | None = None


def lane_of(decision: Decision) -> Lane:
    """What has to stay in order with it."""
    if decision.action in PAGES:
        return ("page", decision.target, decision.dedup_key)
    if decision.action in {Action.THROTTLE, Action.LIFT_THROTTLE}:
        return ("quota", decision.target)
    return ("once", decision.id)


def receiver_of(decision: Decision) -> str:
    """Who shares its places in the crowd."""
    return "quotas" if decision.action in {Action.THROTTLE, Action.LIFT_THROTTLE} else decision.target


class Outbox:
    """What waits, by lane."""

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lanes: dict[Lane, list[Pending]] = {}
        self._ids: set[str] = set()
        self._busy: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def fill(self, decisions: Iterable[Decision], now_s: float) -> None:
        """Take in what is not here yet, in the order given, as long as there is room."""
        for decision in decisions:
            if len(self._ids) >= self._capacity:
                return
            self.add(decision, now_s)

    def add(self, decision: Decision, now_s: float) -> None:
        """Take one in; one that is here already stays as it is."""
        if decision.id not in self._ids:
            self._ids.add(decision.id)
            self._lanes.setdefault(lane_of(decision), []).append(Pending(decision, first_s=now_s, due_s=now_s))

    def take_due(self, now_s: float) -> list[Pending]:
        """Heads of lanes that are due and not being sent; they count as being sent until `give_back` or `remove`."""
        due: list[Pending] = []
        for lane in self._lanes.values():
            head = lane[0]
            if head.decision.id in self._busy or head.due_s > now_s or self._crowded(head):
                continue
            self._busy[head.decision.id] = receiver_of(head.decision)
            due.append(head)
        return due

    def next_due_s(self) -> float | None:
        """When the next head is due that could be sent; None when there is none, or when only the end of a call makes room."""
        heads = (lane[0] for lane in self._lanes.values())
        return min((h.due_s for h in heads if h.decision.id not in self._busy and not self._crowded(h)), default=None)

    def overtaken(self, pending: Pending) -> bool:
        """Whether what waits behind it in its lane says what is true now.

        At a pager that is a resolve, or anything behind a mere update; at the quotas, which are absolute, whatever is newer.
        """
        lane = lane_of(pending.decision)
        behind = [each for each in self._lanes[lane] if each is not pending]
        if lane[0] != "page" or pending.decision.params.get("event") == "update":
            return bool(behind)
        return any(each.decision.params.get("event") == "resolve" for each in behind)

    def give_back(self, pending: Pending) -> None:
        """It stays, to be tried when it is due."""
        self._busy.pop(pending.decision.id, None)

    def remove(self, pending: Pending) -> None:
        """It is done with."""
        self.give_back(pending)
        lane = lane_of(pending.decision)
        self._ids.discard(pending.decision.id)
        self._lanes[lane].remove(pending)
        if not self._lanes[lane]:
            del self._lanes[lane]

    def forget(self, is_settled: Callable[[str], bool]) -> None:
        """Drop what somebody else has settled, unless it is being sent or its receipt is still to be told."""
        waiting = [each for lane in self._lanes.values() for each in lane]
        for each in waiting:
            if each.verdict is None and each.decision.id not in self._busy and is_settled(each.decision.id):
                self.remove(each)

    def hurry(self, now_s: float) -> None:
        """Look again at all that waits for a person."""
        for lane in self._lanes.values():
            if lane[0].waiting:
                lane[0].due_s = min(lane[0].due_s, now_s)

    def _crowded(self, head: Pending) -> bool:
        receiver = receiver_of(head.decision)
        same = sum(1 for each in self._busy.values() if each == receiver)
        return len(self._busy) >= AT_ONCE or same >= AT_ONCE_EACH
