"""Runs of fetched records: joined, cut, and handed on as batches."""

from types import SimpleNamespace

import numpy as np

from streams.log.fetched import Fetched


def run(*offsets):
    return Fetched.of(
        [SimpleNamespace(offset=at, timestamp=1_000 + at, key=None if at % 2 else b"k", value=b"%d" % at) for at in offsets]
    )


def offsets(fetched):
    return fetched.offsets.tolist()


def test_columns_are_those_of_the_records():
    fetched = run(3, 4, 9)
    assert (len(fetched), fetched.offset, fetched.unkeyed) == (3, 9, 2)
    assert fetched.arrivals_ms.tolist() == [1_003, 1_004, 1_009]
    assert fetched.values == [b"3", b"4", b"9"]
    assert Fetched.of(fetched) is fetched


def test_none_is_a_run_too():
    assert (len(Fetched.of([])), Fetched.of([]).unkeyed, len(Fetched.joined([]))) == (0, 0, 0)
    assert not Fetched.joined([])


def test_runs_are_joined_in_their_order():
    joined = Fetched.joined([run(1, 2), run(5), run(6, 8)])
    assert offsets(joined) == [1, 2, 5, 6, 8]
    assert joined.values == [b"1", b"2", b"5", b"6", b"8"]


def test_a_run_is_cut_at_an_offset_that_may_be_missing():
    assert [offsets(run(3, 4, 9).since(at)) for at in (0, 4, 5, 10)] == [[3, 4, 9], [4, 9], [9], []]
    assert [offsets(run(3, 4, 9).below(at)) for at in (0, 4, 5, 10)] == [[], [3], [3, 4], [3, 4, 9]]


def test_a_batch_is_what_a_source_partition_is_fed():
    batch = run(3, 4, 9)[1:].batch()
    assert batch.values == [b"4", b"9"]
    np.testing.assert_array_equal(batch.offsets, [4, 9])
    np.testing.assert_array_equal(batch.arrivals_ms, [1_004, 1_009])
