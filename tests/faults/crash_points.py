"""The crash-point matrix in parts -> results: every label under a pending page, a pending throttle and a pending rollback."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.check import Checked
from tests.faults.episode import SHOWN, Episode, Result
from tests.faults.matrix import Walked, walk
from tests.faults.mock_cluster import MockCluster
from tests.faults.policy import KINDS
from tests.faults.steps import labels
from tests.kafka.broker import Cluster

CRASH = "crash point"
PARTS = 3
"""Each part has every third label, so that it can be repeated by itself."""


def walk_all(episode: Episode, cluster: Cluster | MockCluster, folder: Path) -> Result:
    """One part of the matrix: the three kinds beside each other, each in an installation of its own."""
    began_s = time.monotonic()
    with ThreadPoolExecutor(len(KINDS)) as pool:
        walks = [
            pool.submit(walk, cluster, folder / kind, kind, labels(kind)[episode.number - 1 :: PARTS], number=episode.number)
            for kind in KINDS
        ]
        walked = [each.result() for each in walks]
    return result_of(walked, time.monotonic() - began_s)


def result_of(walked: Sequence[Walked], seconds: float) -> Result:
    """The walks as one result."""
    checked: list[Checked] = [each.checked for each in walked if each.checked is not None]
    reached = sum(len(each.reached) for each in walked)
    broken: dict[str, list[str]] = {}
    for each in checked:
        for promise, what in each.verdict.broken.items():
            broken.setdefault(promise, []).extend([f"{len(what)} in all", *what[:SHOWN]])
    return Result(
        kind=CRASH,
        injections=reached,
        kills=reached,
        records=sum(each.counted.records for each in checked),
        lost=sum(each.verdict.lost for each in checked),
        duplicate_effects=sum(each.verdict.duplicate_effects for each in checked),
        repeated=sum(each.repeated for each in checked),
        excused=sum(each.excused for each in checked),
        recoveries_s=[],
        broken=broken,
        endings=dict(sum((each.endings for each in checked), Counter[str]())),
        seconds=round(seconds, 1),
        unlike=sum(len(each.unlike) for each in checked),
        missed=[f"{each.kind} {label}" for each in walked for label in each.missed],
    )
