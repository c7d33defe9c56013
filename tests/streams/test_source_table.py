import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import parquet

from streams.errors import InputError
from streams.source import open_sources
from tests.streams.scenarios import records_of, scenario


def read(path):
    (source,) = open_sources(path)
    return [json.loads(value) for batch in source.batches() for value in batch.values]


def test_rows_are_the_records_that_were_put_in(tmp_path):
    records = records_of(scenario(duration="2m"))
    names = dict.fromkeys(name for record in records for name in record)
    parquet.write_table(pa.table({name: [each.get(name) for each in records] for name in names}), tmp_path / "usage.parquet")
    (source,) = open_sources(tmp_path / "usage.parquet")
    batches = list(source.batches())
    assert [offset for batch in batches for offset in batch.offsets] == list(range(len(records)))
    assert read(tmp_path / "usage.parquet") == records


def test_an_empty_table_has_no_records(tmp_path):
    parquet.write_table(pa.table({"event_id": pa.array([], pa.string())}), tmp_path / "usage.parquet")
    assert read(tmp_path / "usage.parquet") == []


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([dt.datetime(2026, 3, 2, tzinfo=dt.UTC)], pa.timestamp("us", tz="UTC")), 1_772_409_600_000),
        (pa.array([dt.datetime(2026, 3, 2)], pa.timestamp("ms")), "2026-03-02 00:00:00.000"),  # noqa: DTZ001 (that is the point)
        (pa.array([Decimal("0.000000001")], pa.decimal128(18, 9)), "0.000000001"),
        (pa.array([b"acme"], pa.binary()), "acme"),
        (pa.array(["acme"]).dictionary_encode(), "acme"),
        (pa.array([1.5]), 1.5),
        (pa.array([True]), True),
    ],
    ids=["zoned", "naive", "decimal", "bytes", "dictionary", "float", "boolean"],
)
def test_columns_keep_what_they_mean(tmp_path, column, expected):
    parquet.write_table(pa.table({"field": column}), tmp_path / "usage.parquet")
    assert read(tmp_path / "usage.parquet") == [{"field": expected}]


def test_a_null_is_an_absent_field_but_for_unknown_usage(tmp_path):
    table = pa.table({"input_tokens": pa.array([None], pa.int64()), "tenant": pa.array([None], pa.string())})
    parquet.write_table(table, tmp_path / "usage.parquet")
    assert read(tmp_path / "usage.parquet") == [{"input_tokens": None}]


def test_a_file_that_is_cut_short_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "usage.parquet"
    parquet.write_table(pa.table({"event_id": [str(number) for number in range(1000)]}), path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"usage\.parquet: is cut short or damaged"):
        read(path)
