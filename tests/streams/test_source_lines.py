import gzip

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import InputError
from streams.source import open_sources

ENDINGS = {".jsonl": bytes, ".jsonl.gz": gzip.compress, ".jsonl.zst": zstandard.ZstdCompressor().compress}


def written(folder, content, ending=".jsonl"):
    path = folder / f"usage{ending}"
    path.write_bytes(ENDINGS[ending](content))
    return path


def read(path):
    (source,) = open_sources(path)
    return [(offset, value) for batch in source.batches() for offset, value in zip(batch.offsets, batch.values, strict=True)]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"a\nb\n", [(0, b"a"), (1, b"b")]),
        (b"a\nb", [(0, b"a"), (1, b"b")]),
        (b"a\r\nb\r\n", [(0, b"a"), (1, b"b")]),
        (b"a\r\n\r\n\nb", [(0, b"a"), (3, b"b")]),
        (b"\n\n", []),
        (b"", []),
        (b" \n\xff\r", [(0, b" "), (1, b"\xff")]),
    ],
    ids=["plain", "no-end", "crlf", "empty-lines", "only-empty", "nothing", "odd-bytes"],
)
def test_a_line_is_a_record_and_an_empty_one_is_none(tmp_path, ending, content, records):
    assert read(written(tmp_path, content, ending)) == records


@given(st.lists(st.binary(max_size=8).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")), max_size=40))
def test_every_line_is_found_wherever_blocks_end(tmp_path_factory, lines):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.source.decompress.BLOCK_BYTES", 7)
        records = read(written(tmp_path_factory.mktemp("lines"), b"\r\n".join(lines)))
    assert records == [(number, line) for number, line in enumerate(lines) if line]


@pytest.mark.parametrize("line", [b"x\n", b"x" * 400 + b"\n"], ids=["many-a-block", "few-a-block"])
def test_batches_are_of_one_size_and_offsets_go_on(tmp_path, line):
    (source,) = open_sources(written(tmp_path, line * 5_100))
    assert [(len(batch), batch.offsets[0]) for batch in source.batches()] == [(2000, 0), (2000, 2000), (1100, 4000)]
    assert source.position_bytes == source.size_bytes
    assert not source.has_arrival


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst"])
@pytest.mark.parametrize("cut", [0.3, 0.99])
def test_a_file_that_is_cut_short_is_an_error_that_names_it(tmp_path, ending, cut):
    path = written(tmp_path, b"".join(b"%d\n" % number for number in range(50_000)), ending)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * cut)])
    with pytest.raises(InputError, match=rf"usage{ending}: is cut short or damaged"):
        read(path)


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst"])
def test_a_file_that_is_not_what_its_name_says_is_an_error(tmp_path, ending):
    path = tmp_path / f"usage{ending}"
    path.write_bytes(b"plain text\n")
    with pytest.raises(InputError, match="is cut short or damaged"):
        read(path)


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst"])
def test_compressed_files_may_be_strung_together(tmp_path, ending):
    path = tmp_path / f"usage{ending}"
    path.write_bytes(ENDINGS[ending](b"a\n") + ENDINGS[ending](b"b\n"))
    assert read(path) == [(0, b"a"), (1, b"b")]


@pytest.mark.parametrize(
    ("name", "message"), [("gone.jsonl", "No such file"), ("usage.csv", "has none of the endings"), (".", "is a folder")]
)
def test_what_cannot_be_read_is_one_clear_line(tmp_path, name, message):
    (tmp_path / "usage.csv").touch()
    with pytest.raises(InputError, match=message) as caught:
        open_sources(tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1
