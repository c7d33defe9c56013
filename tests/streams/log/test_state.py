import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.log.state import pack, unpack

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_state_comes_back_as_it_was(value):
    assert unpack(pack(value)) == value


@pytest.mark.parametrize("dtype", ["int64", "float64", "uint32", "bool", "<u8", "U3"])
def test_arrays_come_back_with_their_type_and_shape_and_can_be_changed(dtype):
    array = np.zeros((2, 3), dtype)
    back = unpack(pack({"a": array}))["a"]
    assert back.dtype == array.dtype
    assert back.shape == (2, 3)
    back[0, 0] = 1


def test_an_array_beside_a_huge_integer_comes_back():
    back = unpack(pack([2**100, np.arange(3)]))
    assert back[0] == 2**100
    assert back[1].tolist() == [0, 1, 2]


def test_what_is_no_state_is_refused():
    with pytest.raises(TypeError):
        pack({"a": object()})
    with pytest.raises(TypeError):
        pack(np.array([object()]))
