import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import InputError
from streams.source import open_sources
from streams.source.recording import RecordingReader, RecordingWriter

maybe_bytes = st.none() | st.binary(max_size=20)
RECORDS = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 10), st.integers(0, 2**41), maybe_bytes, maybe_bytes), max_size=60)


def write(path, records, partitions=3):
    """Write (partition, offset, timestamp_ms, key, value) one by one."""
    with RecordingWriter(path, topic="telemetry", partitions=partitions) as writer:
        for partition, offset, at_ms, key, value in records:
            writer.write(partition, offsets=[offset], timestamps_ms=[at_ms], keys=[key], values=[value])


def read(path):
    found = {}
    for source in RecordingReader(path).partitions():
        runs = list(source.runs())
        found[source.partition] = [
            row for run in runs for row in zip(run.offsets, run.timestamps_ms, run.keys, run.values, strict=True)
        ]
    return found


def rising(drawn):
    """Steps between offsets made offsets."""
    at = {}
    for partition, step, at_ms, key, value in drawn:
        at[partition] = at.get(partition, -1) + step
        yield partition, at[partition], at_ms, key, value


@given(RECORDS)
def test_what_was_recorded_is_read_again_byte_for_byte(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("recording") / "topic.tgr"
    records = list(rising(drawn))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.source.recording.RUN_RECORDS", 3)
        write(path, records)
    assert read(path) == {partition: [each[1:] for each in records if each[0] == partition] for partition in range(3)}


def test_each_partition_is_a_source_that_knows_arrivals(tmp_path):
    path = tmp_path / "topic.tgr"
    write(path, [(0, 5, 1000, b"acme", b"{}"), (2, 9, 2000, None, None)])
    sources = open_sources(path)
    assert [source.name for source in sources] == [f"{path}[{number}]" for number in range(3)]
    assert all(source.has_arrival for source in sources)
    batches = [[(list(b.values), list(b.offsets), list(b.arrivals_ms or ())) for b in source.batches()] for source in sources]
    assert batches == [[([b"{}"], [5], [1000])], [], [([None], [9], [2000])]]


def test_the_reader_knows_topic_and_size(tmp_path):
    path = tmp_path / "topic.tgr"
    write(path, [(1, number, number, b"k", b"v") for number in range(2_500)])
    reader = RecordingReader(path)
    assert (reader.header.topic, reader.header.partitions, reader.records) == ("telemetry", 3, 2_500)
    source = reader.partitions()[1]
    assert [len(batch) for batch in source.batches()] == [1000, 1000, 500]
    assert source.position_bytes == source.size_bytes


@given(st.floats(0, 0.9999))
def test_a_recording_without_its_end_is_known_wherever_it_was_cut(tmp_path_factory, share):
    path = tmp_path_factory.mktemp("recording") / "topic.tgr"
    write(path, [(0, number, number, b"k", b"v" * 50) for number in range(30)])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(InputError, match=r"is cut short after|is no recording"):
        RecordingReader(path)


def test_a_recorder_that_fails_leaves_a_recording_that_is_cut_short(tmp_path):
    path = tmp_path / "topic.tgr"
    writer = RecordingWriter(path, topic="t", partitions=1)
    writer.write(0, offsets=range(1500), timestamps_ms=[1] * 1500, keys=[None] * 1500, values=[b"v"] * 1500)
    writer.__exit__(OSError, OSError("no space left"), None)
    with pytest.raises(InputError, match="is cut short after 1500 whole records"):
        RecordingReader(path)


def test_a_damaged_block_is_an_error_that_names_its_place(tmp_path):
    path = tmp_path / "topic.tgr"
    write(path, [(0, 0, 0, b"k", b"v" * 500)])
    content = bytearray(path.read_bytes())
    content[-40] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"topic\.tgr: is (damaged at byte|cut short)"):
        read(path)


def test_another_file_with_the_ending_is_no_recording(tmp_path):
    (tmp_path / "topic.tgr").write_bytes(b"{}\n")
    with pytest.raises(InputError, match="is no recording"):
        open_sources(tmp_path / "topic.tgr")
