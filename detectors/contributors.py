"""Facts of a window -> which scopes of other roll-ups explain what a scope spends above its level."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.canonical import usd_text
from detectors.columns import Columns, Float32
from detectors.facts import WINDOW_MS, Float64, Int64, WindowFacts
from detectors.rows import MONEY, Rows
from detectors.scope import Rollup, Scope

JOINT: tuple[Rollup, ...] = (("provider", "tenant"), ("feature", "model"))
"""Roll-ups that say exactly how much two scopes share."""
MOST = 5
LEAST_SHARE = 0.05
MOST_WINDOWS = 60_000
"""No more are counted: a level follows over 260 of 10 s."""


@dataclass(slots=True)
class Spend(Columns):
    """Nano-dollars a window, shape (rows,): the level, what was seen lately, and windows learnt, as far as they are counted."""

    level: Float32 = field(default_factory=lambda: np.zeros(0, np.float32))
    lately: Float32 = field(default_factory=lambda: np.zeros(0, np.float32))
    windows: NDArray[np.uint16] = field(default_factory=lambda: np.zeros(0, np.uint16))


class Contributors:
    """Who else rose: spend of the last half minute above the level of the last half hour, for every scope of every roll-up.

    What two scopes share of an excess is read from a joint roll-up where there is one. Elsewhere only the margins are known: with
    excesses x and y of a total e they share at least x + y - e (Fréchet 1935), and two excesses of one size are likely the same
    one; the share of x that y explains is `max(x + y - e, min(x, y)^2 / max(x, y)) / x`, at most 1.

    Args:
        rollups: those whose scopes are explained and explain, in the order of preference among equals.
    """

    def __init__(self, rollups: tuple[Rollup, ...], *, window_ms: int = WINDOW_MS) -> None:
        self._order = rollups
        self._rows = Rows((*dict.fromkeys((*rollups, *JOINT, ())),))
        self._spend = Spend()
        self._excess: Float32 | None = None
        self._learnt = True
        self._span = 1_800_000 / window_ms / np.log(2)
        self._lately = min(1.0, window_ms / 30_000)

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The roll-ups whose facts it reads."""
        return self._rows.rollups

    def observe(self, facts: WindowFacts) -> None:
        """Take a window into what was seen lately."""
        self._follow()
        if self._rows.grow(facts):
            self._spend.grow(self._rows.capacity)
        self._spend.clear(self._rows.reused(facts))
        nanos = self._rows.gather(facts, MONEY).sum(axis=0)
        self._spend.lately += self._lately * (nanos - self._spend.lately)

    def learn(self) -> None:
        """Let the levels follow before the next window; they stay until then, so that this one can be explained.

        A rise pulls with no more than the level itself, so that a spike is not soon its own level.
        """
        self._learnt = False

    def _follow(self) -> None:
        """Do what `learn` has put off."""
        if self._learnt:
            return
        self._learnt, self._excess, spend = True, None, self._spend
        weight = 1 / np.minimum(spend.windows + 1, self._span)
        seen = np.where(spend.windows < 30, spend.lately, np.minimum(spend.lately, 2 * spend.level))
        spend.level += weight * (seen - spend.level)
        spend.windows += (spend.lately > 0) & (spend.windows < MOST_WINDOWS)

    @property
    def excess(self) -> Float32:
        """What each row spends above its level in the window that was observed last, shape (rows,)."""
        if self._excess is None:
            self._excess = np.maximum(self._spend.lately - self._spend.level, 0)
        return self._excess

    def explain(self, facts: WindowFacts, scope: Scope, rollup: Rollup) -> list[dict[str, Any]]:
        """`{"scope", "excess_usd" a window, "share"}` of the scopes that explain a scope's excess in the window, at most 5.

        The foremost of every other roll-up comes before the second of any. Shares that no joint roll-up says are `guessed`.
        """
        slot = facts.rollups[rollup].roster.slot(tuple(value for _, value in scope))
        row = self._rows.of(rollup)[slot] if slot is not None else -1
        mine = float(self.excess[row]) if row >= 0 else 0.0
        if mine <= 0 or mine <= LEAST_SHARE * self._spend.level[row]:
            return []
        ranked = [self._foremost(facts, (scope, rollup, mine), each) for each in self._order if each != rollup]
        foremost = sorted((of[0] for of in ranked if of), key=lambda share: -round(share[1], 2))
        rest = sorted((share for of in ranked for share in of[1:]), key=lambda share: -round(share[1], 2))
        return [
            {"scope": dict(other), "excess_usd": usd_text(round(share * mine)), "share": share}
            | ({} if _joint(rollup, other) in JOINT else {"guessed": True})
            for other, share in (foremost + rest)[:MOST]
        ]

    def _foremost(self, facts: WindowFacts, of: tuple[Scope, Rollup, float], other: Rollup) -> list[tuple[Scope, float]]:
        """The scopes of another roll-up that explain most, with their shares; those beyond the fifth are nobody's answer."""
        scope, rollup, mine = of
        joint = tuple(sorted({*rollup, *other}))
        exact = joint in JOINT
        rows = self._rows.of(joint if exact else other)
        scopes = facts.rollups[joint if exact else other].roster.scopes
        excess = self.excess[rows]
        slots = np.flatnonzero(excess >= LEAST_SHARE * mine)
        if exact:
            slots = _sharing(facts, scope, joint, other, slots)
            shares = np.minimum(1.0, excess[slots].astype(np.float64) / mine)
        else:
            shares = _shares(mine, excess[slots].astype(np.float64), float(self.excess[self._rows.of(())[0]]))
            slots, shares = slots[shares >= LEAST_SHARE], shares[shares >= LEAST_SHARE]
        if len(shares) > MOST:
            among = shares >= np.partition(shares, -MOST)[-MOST]
            slots, shares = slots[among], shares[among]
        named = zip((scopes[slot] for slot in slots.tolist()), shares.tolist(), strict=True)
        return sorted(((tuple(pair for pair in of if pair[0] in other), share) for of, share in named), key=lambda s: (-s[1], s[0]))

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back; to be taken between two windows, when nothing of the last one is left to explain."""
        self._follow()
        return {"rows": self._rows.snapshot(), "spend": self._spend.snapshot()}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._rows.restore(state["rows"])
        self._spend.restore(state["spend"])
        self._learnt = True


def _joint(rollup: Rollup, scope: Scope) -> Rollup:
    """The roll-up that says how much a scope of `rollup` and another scope share."""
    return tuple(sorted({*rollup, *(dimension for dimension, _ in scope)}))


def _sharing(facts: WindowFacts, scope: Scope, joint: Rollup, other: Rollup, slots: Int64) -> Int64:
    """Of some slots of a joint roll-up, ascending, those whose scopes have a scope's values.

    They are looked up by the scopes of `other`, or looked at one by one, whichever is less to do.
    """
    roster, others = facts.rollups[joint].roster, facts.rollups[other].roster.scopes
    if len(others) < len(slots):
        values = [dict((*scope, *each)) for each in others]
        found = (roster.slot(tuple(each[dimension] for dimension in joint)) for each in values)
        return np.intersect1d(slots, np.array([slot for slot in found if slot is not None], np.int64))
    wanted = {joint.index(dimension): value for dimension, value in scope}
    return np.array([slot for slot in slots.tolist() if _has(roster.scopes.values[slot], wanted)], np.int64)


def _has(values: tuple[str, ...], wanted: dict[int, str]) -> bool:
    """Whether a scope has the wanted values at the places of their dimensions."""
    return all(values[place] == value for place, value in wanted.items())


def _shares(mine: float, theirs: Float64, total: float) -> Float64:
    """The shares of an excess that others explain, from margins alone, shape (others,).

    >>> _shares(3.0, np.array([10.0]), 10.0), _shares(3.0, np.array([3.0]), 13.0), _shares(6.0, np.array([3.0]), 12.0)
    (array([1.]), array([1.]), array([0.25]))
    """
    least = mine + theirs - total
    alike = np.minimum(mine, theirs) ** 2 / np.maximum(mine, theirs)
    return np.asarray(np.minimum(1.0, np.maximum(least, alike) / mine))
