"""A state as an older version wrote it -> as this version reads it, or the reason why that cannot be.

A snapshot carries the number of its format. Whoever changes what a stage's `snapshot` gives raises `FORMAT` by one and adds to
`UPGRADES` how a state of the number before becomes one of the new number; tests/golden keeps a snapshot of every format.
"""

import enum
from collections.abc import Callable, Mapping
from typing import Any

from streams.leaves import key_of
from streams.log.narrowed import narrowed

FORMAT = 5
"""1: the manifest's digest covered the names of chunks alone. 2: it covers all of the manifest. 3: the ids of a source partition
stand in pieces that are written once; a roster knows when each scope was last seen. 4: what detectors have learnt is narrower.
5: a leaf is one string of bytes."""

Upgrade = Callable[[str, dict[str, Any]], dict[str, Any]]
"""The key of a snapshot and its state in format n -> its state in format n + 1."""


def _as_it_is(_: str, state: dict[str, Any]) -> dict[str, Any]:
    return state


def _pieces_and_last_seen(key: str, state: dict[str, Any]) -> dict[str, Any]:
    if key == "detect":
        rosters = [[rollup, {**roster, "seen_ms": roster["last_ms"]}] for rollup, roster in state["join"].get("rosters", ())]
        return {**state, "join": {**state["join"], "rosters": rosters}} if state["join"] else state
    if not key.startswith("ingest/"):
        return state
    return {**state, "dedupe": {f"{bucket}.0": [ids, payloads] for bucket, ids, payloads in state["dedupe"]["buckets"]}}


def _narrowed(key: str, state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "panel": narrowed(state["panel"])} if key == "detect" and state["panel"] else state


def _leaves_as_bytes(key: str, state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "leaves": list(map(key_of, state["leaves"]))} if key.startswith("ingest/") else state


UPGRADES: Mapping[int, Upgrade] = {1: _as_it_is, 2: _pieces_and_last_seen, 3: _narrowed, 4: _leaves_as_bytes}
"""By the number of the format that is upgraded."""


class Flaw(enum.StrEnum):
    """Why a snapshot cannot be used; a closed list, label of `tidegate_snapshots_unusable_total`."""

    MANIFEST = "manifest"
    DIGEST = "digest"
    NO_MANIFEST = "no_manifest"
    MISSING_CHUNK = "missing_chunk"
    CORRUPT_CHUNK = "corrupt_chunk"
    NEWER_FORMAT = "newer_format"
    NO_UPGRADE = "no_upgrade"
    REFUSED = "refused"


class UnusableError(Exception):
    """A snapshot cannot be used: `flaw` says why in one word, the text in a sentence."""

    def __init__(self, flaw: Flaw, text: str) -> None:
        super().__init__(text)
        self.flaw = flaw


def check_format(written: int, *, known: int = FORMAT, upgrades: Mapping[int, Upgrade] = UPGRADES) -> None:
    """Refuse a format that cannot be read.

    Raises:
        UnusableError: when it is newer than this version, or older than what it still upgrades.
    """
    if written > known:
        raise UnusableError(
            Flaw.NEWER_FORMAT, f"it has format {written} of a newer version of Tidegate, this one reads up to {known}"
        )
    if any(number not in upgrades for number in range(written, known)):
        raise UnusableError(Flaw.NO_UPGRADE, f"it has format {written}, which is older than what this version upgrades")


def upgraded(
    key: str, written: int, state: dict[str, Any], *, known: int = FORMAT, upgrades: Mapping[int, Upgrade] = UPGRADES
) -> dict[str, Any]:
    """The state in this version's format, one step after another; `check_format` has passed it."""
    for number in range(written, known):
        state = upgrades[number](key, state)
    return state


def refused(error: Exception) -> UnusableError:
    """What is wrong with a whole snapshot whose state a stage does not take."""
    return UnusableError(Flaw.REFUSED, f"its state does not fit this version: {type(error).__name__}: {error}")
