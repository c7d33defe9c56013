from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.report.evidence import LONGEST, shown

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=30,
)


@given(JSON)
def test_any_evidence_can_be_shown(value: Any) -> None:
    assert "<script" not in shown(value)


@pytest.mark.parametrize(
    ("value", "html"),
    [
        (True, "yes"),
        (None, "–"),
        (1234.5, "1,234"),
        (["a", 2], "a, 2"),
        ({"tokens_in": 1}, "<dl><dt>tokens in</dt><dd>1</dd></dl>"),
        ({"scope": {"tenant": "R&D"}}, "<dl><dt>scope</dt><dd><code>tenant=R%26D</code></dd></dl>"),
    ],
    ids=["a yes", "nothing", "a number", "a list", "an object", "a scope"],
)
def test_evidence_is_shown_as_a_person_reads_it(value: Any, html: str) -> None:
    assert shown(value) == html


def test_objects_of_one_kind_are_a_table() -> None:
    html = shown([{"model": "a", "share": 0.5}, {"model": "b"}])
    assert html.count("<th ") == 2
    assert "<td>b</td><td></td>" in html


def test_long_lists_are_cut() -> None:
    assert shown(list(range(1000))).count(",") == LONGEST - 1


def test_what_is_nested_too_deep_is_text() -> None:
    value: Any = 1
    for _ in range(50):
        value = {"deeper": value}
    assert "<code>" in shown(value)
