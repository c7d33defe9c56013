"""A kind of fault, and how often -> one installation that goes through it, and what is left of it, as JSON."""

import dataclasses
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from streams.window import Timing
from tests.faults.check import Checked, check
from tests.faults.feed import now_ms
from tests.faults.injections import INJECTIONS, SKEWED
from tests.faults.injections.injected import Injected
from tests.faults.matrix import settle_in
from tests.faults.mock_cluster import MockCluster
from tests.faults.recovery import recovered_s
from tests.faults.rig import Rig, Setting, rig
from tests.kafka.broker import Cluster

SHOWN = 10
"""Of what breaks a promise, so many examples are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One installation and its faults.

    Attributes:
        number: which of its kind; also the seed of its stream and of chance.
        injections: how many.
        per_s: operations a second of ordinary traffic.
    """

    kind: str
    number: int
    injections: int
    per_s: float = 500.0
    workers: int = 2

    @property
    def name(self) -> str:
        """In the result file."""
        return f"{self.kind} {self.number}"

    @property
    def setting(self) -> Setting:
        """The installation: an incident of a spent budget every 6 s, of a canary every 20 s."""
        prefix = f"{self.kind.replace(' ', '-')}{self.number}."
        return Setting(
            prefix=prefix,
            seed=self.number,
            per_s=self.per_s,
            untidy=True,
            spend_ms=6_000,
            canary_ms=20_000,
            incidents=300,
            clocks=self.kind in SKEWED,
        )


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of an episode; see `tests.faults.invariants.Verdict`.

    Attributes:
        missed: injections that had no chance to take place.
        repeated: deliveries under a key that had had its effect.
        unlike: lines in which service and replay differ; breaks the law where nothing is excused and no window is incomplete.
        excused: records that came later than the grace to an idle partition: a replay of the records alone may differ there.
        lost_unread: records that were deleted before they were read, and were named.
        lateness_s: of each window during the faults, how long after its end and the grace it was judged.
        gave_up: last words of workers that ended by themselves.
    """

    kind: str
    injections: int
    kills: int
    records: int
    lost: int
    duplicate_effects: int
    repeated: int
    excused: int
    recoveries_s: list[float]
    broken: Mapping[str, list[str]]
    endings: Mapping[str, int]
    seconds: float
    unlike: int = 0
    lost_unread: int = 0
    lateness_s: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return dataclasses.asdict(self)


def play(episode: Episode, cluster: Cluster | MockCluster, folder: Path, say: Callable[[str], None]) -> Result:
    """Start an installation, let it come to work, inject, let it come to rest, and check everything."""
    began_s, injected = time.monotonic(), []
    with rig(cluster, folder, episode.setting) as its:
        settle_in(its)
        for number in range(1, episode.workers + 1):
            its.start(f"w{number}")
        assert recovered_s(its, time.monotonic()) is not None, "the workers do not come to work"
        since_ms = now_ms()
        for each in islice(INJECTIONS[episode.kind](its, random.Random(episode.number)), episode.injections):
            injected.append(each)
            say(f"{episode.name}: {len(injected)} of {episode.injections}, {_told(each)}")
        its.look_after()
        checked = check(its, folder)
        lateness = [] if its.setting.clocks else checked.evidence.lateness_s(since_ms, Timing().grace_ms)
        return result_of(episode.kind, injected, checked, its, seconds=time.monotonic() - began_s, lateness_s=lateness)


def _told(each: Injected) -> str:
    return "not recovered" if each.recovery_s is None else f"recovered in {each.recovery_s:.1f} s"


def result_of(
    kind: str, injected: list[Injected], checked: Checked, its: Rig, *, seconds: float, lateness_s: list[float]
) -> Result:
    """Put the parts of a result together."""
    verdict = checked.verdict
    verdict.say(
        "recovery", [f"injection {n} was not over in time" for n, each in enumerate(injected, 1) if each.recovery_s is None]
    )
    return Result(
        kind=kind,
        injections=len(injected),
        kills=sum(each.kills for each in injected),
        records=checked.counted.records,
        lost=verdict.lost,
        duplicate_effects=verdict.duplicate_effects,
        repeated=checked.repeated,
        excused=checked.excused,
        recoveries_s=[round(each.recovery_s, 2) for each in injected if each.recovery_s is not None],
        broken={promise: [f"{len(what)} in all", *what[:SHOWN]] for promise, what in verdict.broken.items()},
        endings=dict(checked.endings),
        seconds=round(seconds, 1),
        unlike=len(checked.unlike),
        lost_unread=checked.evidence.lost,
        lateness_s=[round(each, 2) for each in lateness_s],
        gave_up=its.gave_up,
    )
