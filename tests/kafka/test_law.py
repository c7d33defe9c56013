"""The law of docs/law.md on a real Kafka: workers join, leave and are killed, and every one writes what a replay writes."""

import pytest

from tests.kafka.service import service_on
from tests.law.crowd import APART, ONE, THREE, Script
from tests.law.disturbed import Disturbed
from tests.law.log import Keying, arrive
from tests.law.weather import sent
from tests.law.world import SMALL, written_policy

SEED = 20
PARTITIONS = 8
"""For six tenants, so that some are always idle, and one is from half-time on."""


@pytest.fixture(scope="module")
def disturbed(kafka, tmp_path_factory):
    folder = tmp_path_factory.mktemp("law")
    with service_on(kafka.bootstrap, "disturbed.", folder) as service:
        log = arrive(sent(SMALL, SEED), SEED, late=True)
        yield Disturbed(service, log, Keying.TENANT, PARTITIONS, written_policy(folder), folder)


def test_a_worker_that_is_left_alone_writes_what_replay_writes(disturbed):
    assert disturbed.undisturbed.wrong == []
    assert disturbed.expected.totals["late_records"] > 0


@pytest.mark.parametrize(
    "script",
    [
        Script(roles=ONE, kills=2, seed=1),
        Script(roles=THREE, kills=3, leaves=1, seed=2),
        Script(roles=APART, kills=3, seed=3),
    ],
    ids=["one", "three", "apart"],
)
def test_workers_that_are_killed_write_what_replay_writes(disturbed, script):
    played = disturbed.play(script)
    assert played.wrong == []
    assert played.count("kill") >= 1
