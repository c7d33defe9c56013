"""A table of ids, by compiled code and by columns: both say what a plain dict says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import id_table
from streams.id_table import IdTable

ASKED = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2), st.integers(0, 3)), max_size=40)


def asked(table, log, *, horizon=2):
    """What a table says of (id, payload, steps since the last bucket)."""
    ids = np.array([each for each, _, _ in log], np.uint64)
    bucket = 100 + np.cumsum([step for *_, step in log], dtype=np.int64)
    fresh, conflict = table.first_seen(ids, np.array([payload for _, payload, _ in log], np.uint32), bucket, bucket - horizon)
    return list(zip(fresh.tolist(), conflict.tolist(), strict=True))


def naive(log, *, horizon=2):
    seen, bucket, answers = {}, 100, []
    for each, payload, step in log:
        bucket += step
        known = seen.get(each)
        fresh = known is None or known[0] < bucket - horizon
        answers.append((fresh, not fresh and known[1] != payload))
        if fresh:
            seen[each] = (bucket, payload)
    return answers


@pytest.fixture(params=[True, False], ids=["compiled", "by columns"])
def _either(request, monkeypatch):
    assert id_table.probe is not None
    if not request.param:
        monkeypatch.setattr(id_table, "probe", None)


@pytest.mark.usefixtures("_either")
class TestBoth:
    @settings(deadline=None)
    @given(ASKED)
    def test_answers_are_those_of_a_plain_dict(self, log):
        table = IdTable(64)
        assert asked(table, log) == naive(log)
        assert table.used == len({each for each, _, _ in log})

    def test_ids_that_want_the_same_slot_are_all_remembered(self):
        table = IdTable(1 << 10)
        table._shift = 63  # all begin in the first two slots
        ids = np.arange(1, 400, dtype=np.uint64)
        same, none = np.full(len(ids), 100), np.zeros(len(ids), np.uint32)
        assert table.first_seen(ids, none, same, same)[0].all()
        assert not table.first_seen(ids[::-1].copy(), none, same, same)[0].any()
        assert table.used == len(ids)

    def test_numbers_of_every_size_come_back(self):
        table = IdTable(16)
        ids = np.array([1, 2**64 - 1, 2**63], np.uint64)
        payload, bucket = np.array([0, 2**32 - 1, 2**31], np.uint32), np.array([0, 2**32 - 1, 2**31])
        assert table.first_seen(ids, payload, bucket, bucket)[0].all()
        for other, differ in ((payload, False), (payload ^ np.uint32(1), True)):
            fresh, conflict = table.first_seen(ids, other, bucket, bucket)
            assert not fresh.any()
            assert conflict.all() == differ
        assert table.first_seen(ids, payload, bucket + 1, bucket + 1)[0].all()


def test_columns_of_different_lengths_are_refused():
    table, none = IdTable(16), np.zeros(0, np.int64)
    with pytest.raises(ValueError, match="lengths"):
        table.first_seen(np.ones(1, np.uint64), np.zeros(1, np.uint32), none, none)
