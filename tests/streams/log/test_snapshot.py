"""Snapshots that are corrupt, truncated, half-written or of another version: each is noticed, none is believed."""

import asyncio
import logging
import time

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.log import formats, snapshot
from streams.log.formats import Flaw, UnusableError, check_format, upgraded
from streams.log.manifest import sections_of
from streams.log.snapshot import Slot, Snapshots
from tests.streams.memory_log import MemoryLog

TOPIC, KEY = "state", "ingest/3"
OLD = {"clock": 1, "seen": {"1": np.arange(300), "2": np.arange(5)}, "rows": [[1, "a", None]], "big": 2**80}
NEW = {**OLD, "clock": 2, "seen": {"1": np.arange(300), "2": np.arange(9), "3": np.arange(4)}}


def saved(*positions_and_states):
    """A log with snapshots of one owner each, the way two owners one after the other leave them."""
    log = MemoryLog()

    async def save():
        for position, state in positions_and_states:
            await Slot(KEY, log, TOPIC).save(position, state)

    asyncio.run(save())
    return log


def newest(found):
    flaws = []
    snapshot = asyncio.run(Snapshots(None, None, TOPIC, on_unusable=flaws.append).newest(KEY, found))
    return (None if snapshot is None else snapshot.position), flaws


def keys_of(found):
    return [*found.manifests, *found.chunks]


def kept_in(found, key):
    return found.manifests if key in found.manifests else found.chunks


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_flipped_bit_anywhere_is_noticed(data):
    found = saved((7, OLD)).found(TOPIC)
    key = data.draw(st.sampled_from(keys_of(found)))
    raw = bytearray(kept_in(found, key)[key])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    kept_in(found, key)[key] = bytes(raw)
    assert newest(found)[0] is None


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_truncated_record_is_noticed_and_the_older_snapshot_is_used(data):
    log = saved((7, OLD), (9, NEW))
    found, newer = log.found(TOPIC), {record.key for record in log.topics[TOPIC]}
    owner = next(key.split(b"/")[2] for key, raw in found.manifests.items() if msgspec.json.decode(raw)["position"] == 9)
    key = data.draw(st.sampled_from([key for key in keys_of(found) if key.split(b"/")[2] == owner and key in newer]))
    raw = kept_in(found, key)[key]
    kept_in(found, key)[key] = raw[: data.draw(st.integers(0, len(raw) - 1))]
    position, flaws = newest(found)
    assert (position, len(flaws)) == (7, 1)


def test_a_chunk_or_manifest_that_is_gone_leaves_the_older_snapshot():
    found = saved((7, OLD), (9, NEW)).found(TOPIC)
    for key in keys_of(found):
        without = saved((7, OLD)).found(TOPIC)
        without.manifests |= {k: v for k, v in found.manifests.items() if k != key}
        without.chunks |= {k: v for k, v in found.chunks.items() if k != key}
        assert newest(without)[0] in (7, 9)


def test_a_snapshot_that_was_cut_off_anywhere_while_being_written_leaves_a_whole_one():
    log = MemoryLog()

    async def save():
        slot = Slot(KEY, log, TOPIC)
        await slot.save(7, OLD)
        first = len(log.topics[TOPIC])
        await slot.save(9, NEW)
        return first

    first = asyncio.run(save())
    found = {newest(log.found(TOPIC, upto=count))[0] for count in range(first, len(log.topics[TOPIC]) + 1)}
    assert found == {7, 9}
    assert newest(log.found(TOPIC, upto=first - 1)) == (None, [])


def test_what_is_wrong_is_told_with_key_position_and_reason(caplog):
    found = saved((7, OLD)).found(TOPIC)
    key = next(iter(found.chunks))
    found.chunks[key] = b"forged"
    with caplog.at_level(logging.WARNING):
        assert newest(found) == (None, [Flaw.CORRUPT_CHUNK])
    assert "ingest/3 at 7 is passed over: its chunk" in caplog.text


@pytest.mark.parametrize(
    ("manifest", "flaw"),
    [
        (b"\xff\xfe", Flaw.MANIFEST),
        (b"{}", Flaw.MANIFEST),
        (b'{"format": 1}', Flaw.MANIFEST),
        (b'{"format": 99, "shape": "unknown to us"}', Flaw.NEWER_FORMAT),
        (b'{"format": 0}', Flaw.NO_UPGRADE),
    ],
)
def test_a_manifest_that_cannot_be_read_says_why(manifest, flaw):
    found = saved((7, OLD)).found(TOPIC)
    found.manifests[b"ingest/3/other/manifest"] = manifest
    assert newest(found) == (7, [flaw])


def test_a_newer_format_is_told_in_one_line_that_names_both_numbers(caplog):
    found = saved().found(TOPIC)
    found.manifests[b"ingest/3/other/manifest"] = b'{"format": 99}'
    with caplog.at_level(logging.WARNING):
        newest(found)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1
    assert "format 99 of a newer version" in lines[0]
    assert f"reads up to {formats.FORMAT}" in lines[0]


def test_an_older_format_is_upgraded_step_by_step():
    upgrades = {
        1: lambda key, state: {**state, "steps": [key, 1]},
        2: lambda _, state: {**state, "steps": [*state["steps"], 2]},
    }
    check_format(1, known=3, upgrades=upgrades)
    assert upgraded("act", 1, {"a": 5}, known=3, upgrades=upgrades) == {"a": 5, "steps": ["act", 1, 2]}


def test_a_format_with_a_step_missing_is_refused():
    with pytest.raises(UnusableError, match="older than what this version upgrades"):
        check_format(1, known=3, upgrades={1: lambda _, state: state})


async def test_one_state_is_packed_at_a_time(monkeypatch):
    packing, most = [], []

    def sections(state, lasting):
        packing.append(state["clock"])
        most.append(len(packing))
        time.sleep(0.02)
        packing.remove(state["clock"])
        return sections_of(state, lasting)

    monkeypatch.setattr(snapshot, "sections_of", sections)
    log, turn = MemoryLog(), asyncio.Lock()
    slots = [Slot(f"ingest/{number}", log, TOPIC, turn=turn) for number in range(4)]
    await asyncio.gather(*(slot.save(7, {**OLD, "clock": number}) for number, slot in enumerate(slots)))
    assert most == [1, 1, 1, 1]
    assert [slot.position for slot in slots] == [7] * 4
