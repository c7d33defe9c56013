from bisect import bisect_right
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.buckets import COUNT, PER_OCTAVE, bucket_of

LAST = COUNT - 2


def reaches(value: int, edge: int) -> bool:
    """Whether value >= 2^(edge / 8), in integers alone."""
    return value > 0 and Fraction(value) ** PER_OCTAVE >= 2**edge


def bucket(value: int) -> int:
    return bisect_right(range(LAST + 1), 0, key=lambda edge: 0 if reaches(value, edge) else 1)


@given(st.integers(0, 2**63 - 1) | st.integers(0, 5_000))
def test_a_value_lies_between_the_edges_of_its_bucket(value):
    assert bucket_of(np.array([value])).tolist() == [bucket(value)]


@pytest.mark.parametrize("edge", [*range(0, LAST + 1, 5), LAST])
def test_each_side_of_an_edge_has_its_own_bucket(edge):
    first = next(value for value in range(int(2 ** (edge / PER_OCTAVE)) - 1, 2**63) if reaches(value, edge))
    assert bucket_of(np.array([first - 1, first])).tolist() == [bucket(first - 1), bucket(first)]
    assert bucket(first) > edge


def test_nothing_is_its_own_bucket_and_the_last_one_has_no_end():
    assert bucket_of(np.array([0, 1, 2**48, 2**63 - 1])).tolist() == [0, 1, LAST + 1, LAST + 1]


def test_shapes_stay():
    assert bucket_of(np.arange(12).reshape(3, 4)).shape == (3, 4)
    assert bucket_of(np.zeros(0, np.int64)).shape == (0,)
