import io
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.audit import Chain, Entry, Fault, encode_entry, read_entries, verify
from tests.actions.builders import throttle

bodies = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def chain_of(*values, writer: str = "w1") -> list[bytes]:
    chain = Chain(writer)
    return [encode_entry(chain.append(at="2023-11-14T22:13:20Z", kind="decision", body=body)) for body in values]


def faults(lines, **more) -> list[tuple[str, int]]:
    return [(flaw.fault.value, flaw.seq) for flaw in verify(lines, **more)]


@given(st.lists(bodies, max_size=6))
def test_a_chain_as_it_was_written_has_no_flaw(values):
    assert verify(chain_of(*values)) == []


def test_structs_go_in_as_they_are():
    assert json.loads(chain_of(throttle())[0])["body"]["action"] == "throttle"


LINES = chain_of({"a": 1, "é": 0.5, "text": "x y"}, throttle(), "plain")
FILE = b"".join(line + b"\n" for line in LINES)


@given(st.integers(0, len(FILE) - 1), st.integers(0, 255))
@settings(max_examples=500)
def test_every_edit_of_a_single_byte_is_found(at: int, byte: int):
    edited = FILE[:at] + bytes([byte]) + FILE[at + 1 :]
    assert (verify(read_entries(io.BytesIO(edited))) == []) == (edited == FILE)


@given(st.integers(0, len(FILE) - 2))
def test_every_removal_of_a_single_byte_is_found(at: int):
    assert verify(read_entries(io.BytesIO(FILE[:at] + FILE[at + 1 :])))


def test_a_missing_entry_is_a_gap_at_the_next_one():
    assert faults([LINES[0], LINES[2]]) == [("gap", 2)]
    assert faults(LINES[1:]) == [("gap", 1)]


def test_an_entry_that_comes_twice_is_a_fork():
    assert faults([*LINES, LINES[1]]) == [("fork", 1)]


def test_two_writers_after_one_entry_are_a_fork():
    first = msgspec.json.decode(LINES[0], type=Entry)
    other = Chain("w2", last=first)
    forked = encode_entry(other.append(at="2023-11-14T22:13:20Z", kind="decision", body=1))
    assert faults([*LINES[:2], forked, LINES[2]]) == [("fork", 1)]


def test_a_chain_that_was_rebuilt_after_an_edit_does_not_reach_the_known_end():
    head = msgspec.json.decode(LINES[-1], type=Entry)
    rebuilt = chain_of({"a": 2}, throttle(), "plain")
    assert faults(rebuilt) == []
    assert faults(rebuilt, head=(head.seq, head.hash)) == [("cut", 2)]
    assert faults(LINES[:2], head=(head.seq, head.hash)) == [("cut", 2)]
    assert faults(LINES, head=(head.seq, head.hash)) == []


def test_an_edit_in_the_middle_is_reported_where_it_is():
    edited = LINES[1].replace(b'"level":2', b'"level":3')
    assert [flaw.seq for flaw in verify([LINES[0], edited, LINES[2]])] == [1]
    assert verify([LINES[0], edited, LINES[2]])[0].fault is Fault.EDITED


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"seq":1e999}', b"NaN"])
def test_a_line_that_is_no_entry_is_a_flaw_and_no_crash(line: bytes):
    assert faults([LINES[0], line, *LINES[1:]])[0] == ("unreadable", 1)


def test_a_chain_goes_on_after_what_others_wrote():
    entries = [msgspec.json.decode(line, type=Entry) for line in LINES]
    chain = Chain("w2", last=entries[-1])
    assert chain.head == (2, entries[-1].hash)
    assert verify([*LINES, encode_entry(chain.append(at="t", kind="receipt", body={}))]) == []


def test_a_body_without_a_json_form_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        Chain("w1").append(at="t", kind="x", body=float("nan"))
