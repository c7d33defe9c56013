"""Workers that die at every step of a decision, and at random: nothing is lost, nothing happens twice, everything is settled."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.faults.episode import Episode, Result, play
from tests.faults.matrix import Walked, walk
from tests.faults.policy import KINDS
from tests.faults.steps import ACTING, labels
from tests.kafka.broker import Cluster, Plan, running

KILLS = 5


@pytest.fixture(scope="module")
def kafka(tmp_path_factory) -> Iterator[Cluster]:
    with running(Plan(), tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def deaths(kafka, tmp_path_factory) -> Iterator[dict[str, Future]]:
    """All of them at once, each in an installation of its own: most of the time is spent in waiting for windows to end."""
    folder, killing = tmp_path_factory.mktemp("deaths"), Episode(kind="kill", number=0, injections=KILLS, per_s=20.0)
    with ThreadPoolExecutor(len(KINDS) + 1) as pool:
        walks = {kind: pool.submit(walk, kafka, folder / kind, kind, few(kind)) for kind in KINDS}
        yield {**walks, "kill": pool.submit(play, killing, kafka, folder / "kill", print)}


def few(kind: str) -> list[str]:
    """One label for each state that a crash can leave: after a step is before the next one."""
    return ["decision.before", *(label for label in labels(kind, only=ACTING) if label.endswith(".after"))]


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_dies_on_the_way_of_a_decision_breaks_no_promise(deaths, kind):
    walked: Walked = deaths[kind].result()
    assert walked.missed == []
    assert walked.checked is not None
    assert walked.checked.verdict.broken == {}


def test_workers_that_are_killed_at_random_break_no_promise(deaths):
    result: Result = deaths["kill"].result()
    assert (result.kills, result.lost, result.duplicate_effects, result.broken) == (KILLS, 0, 0, {})
    assert result.records > 0
