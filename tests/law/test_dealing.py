"""However a stream is dealt out, in whatever order within the grace, and however often it is sent: the same bytes and totals."""

import json

import pytest

from tests.law.matrix import PARTITIONS, Matrix, ways
from tests.law.weather import sent
from tests.law.world import SMALL, policy

SEED = 20


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    return Matrix(sent(SMALL, SEED), policy(tmp_path_factory.mktemp("policy")))


def test_the_stream_has_everything_in_it(matrix):
    counted = matrix.counted[True]
    assert len(counted.dead_letters) == 11
    assert counted.duplicates > counted.conflicts > 0
    assert counted.cost_usd_assumed > 0
    assert len(counted.budgets) > 3  # of three budgets, two of which begin a new period
    detectors = {json.loads(line)["detector"] for line in matrix.first.lines["anomalies"].splitlines()}
    assert len(detectors) >= 5
    assert matrix.first.lines["decisions"].count(b'"throttle"') > 0


@pytest.mark.parametrize(("order", "way"), list(enumerate(ways(again=True), 1)), ids=str)
def test_where_nothing_is_late_every_way_gives_the_same_bytes_and_the_totals_of_a_recount(matrix, order, way):
    assert matrix.go(way, order).wrong == []


@pytest.mark.parametrize("way", [way for way in ways(late=True) if way.partitions == PARTITIONS[-1]], ids=str)
def test_where_records_are_late_totals_and_budgets_are_those_of_a_recount(matrix, way):
    assert matrix.go(way, order=len(way.keying)).wrong == []
