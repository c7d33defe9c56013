"""State that is put away and taken up again at any point changes nothing downstream, however the log is cut meanwhile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.law.answers import differences, replayed
from tests.law.log import Keying, arrive, dealt
from tests.law.relay import Relay
from tests.law.weather import sent
from tests.law.world import TINY, policy

PARTITIONS = 3
LOG = arrive(sent(TINY, 7), 7, late=True)


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    return policy(tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="module")
def expected(rules):
    return replayed(rules, dealt(LOG, Keying.EVENT, PARTITIONS))


def test_there_is_something_to_lose(expected):
    assert all(lines.count(b"\n") >= 2 for lines in expected.lines.values())
    assert expected.totals["late_records"] > 10


@settings(deadline=None, max_examples=3)
@given(st.integers(0, 2**32), st.sampled_from((0.01, 0.05, 0.15)))
def test_stages_that_are_restored_at_any_point_give_the_same_bytes(rules, expected, seed, restores):
    relay = Relay(rules, seed, restores)
    assert differences(expected, relay.run(LOG, Keying.EVENT, PARTITIONS)) == []
    assert relay.restored > 0
