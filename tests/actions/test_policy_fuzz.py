import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from actions.policy.load import load_policy
from actions.policy.reading import PolicyError, read_text

EXAMPLES = [path.read_text() for path in sorted((Path(__file__).parents[2] / "deploy" / "policies").glob("*.yaml"))]
LINE = re.compile(r".+:\d+: .+", re.DOTALL)
BITS = (
    "version: 1",
    "\n",
    "  ",
    "mode:",
    "act",
    "{",
    "}",
    "[",
    "]",
    "- ",
    "&a",
    "*a",
    "!!x",
    "|",
    '"',
    "'",
    ": ",
    "#",
    "\t",
    "~",
    "<<",
    "?",
    "%",
    "\x00",
    "é",
)


def complaints(path: Path) -> list[str]:
    try:
        load_policy(path)
    except PolicyError as error:
        return error.lines or [""]
    return []


often = settings(max_examples=150, deadline=None)


@often
@given(st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(BITS), max_size=30).map(lambda bits: "".join(bits).encode())))
def test_any_bytes_are_read_or_complained_of(text):
    source = read_text(text, name="p.yaml")
    assert isinstance(source.values, dict)
    assert all(LINE.fullmatch(each) for each in source.complaints)


@often
@given(
    st.sampled_from(EXAMPLES),
    st.integers(0, 4000),
    st.integers(0, 30),
    st.sampled_from(("", *BITS, "0", "-1", "1e400", "99999999999999999999", "yes")),
)
def test_a_damaged_policy_is_good_or_complained_of(tmp_path_factory, text, at, length, patch):
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text(text[:at] + patch + text[at + length :])
    assert all(LINE.fullmatch(each) for each in complaints(path))
