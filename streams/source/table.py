"""A Parquet file of usage records -> batches: every row becomes the JSON object that its columns say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from streams.batch import Batch
from streams.errors import InputError
from streams.source.decompress import open_input

BATCH_RECORDS = 1_000
_MAY_BE_NULL = frozenset({"input_tokens", "output_tokens"})


class TableSource:
    """One Parquet file; a row is an offset.

    A column is a field of the record, of the same name and type. A null is an absent field, but for `input_tokens` and
    `output_tokens`, where it means unknown usage; a float that is not finite is a null. Times with a zone become epoch
    milliseconds; times without one become text without an offset, which is refused. Decimals become text, exactly.

    Attributes:
        name: the path, for messages.
        size_bytes, position_bytes: of the file, and how much of it was read, for progress.
    """

    def __init__(self, path: Path) -> None:
        with open_input(path):
            self.size_bytes = path.stat().st_size
        self.name = str(path)
        self.position_bytes = 0
        self._path = path

    @property
    def has_arrival(self) -> bool:
        """Never: a plain file does not know when its records reached the log."""
        return False

    def batches(self) -> Iterator[Batch]:
        """Its rows in order, at most 1,000 at a time.

        Raises:
            InputError: when the file is cut short, damaged or no Parquet.
        """
        import pyarrow as pa  # noqa: PLC0415 (40 MB that only this needs)
        from pyarrow import parquet  # noqa: PLC0415

        first = 0
        try:
            with parquet.ParquetFile(self._path) as file:
                rows = max(file.metadata.num_rows, 1)
                for part in file.iter_batches(batch_size=BATCH_RECORDS):
                    values = _values(part)
                    yield Batch(values, range(first, first + len(values)))
                    first += len(values)
                    self.position_bytes = self.size_bytes * first // rows
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.name}: is cut short or damaged: {str(error).splitlines()[0]}") from None


def _values(part: Any) -> list[bytes]:
    """The JSON objects of the rows of a record batch."""
    columns = [_plain(part.column(name)).to_pylist() for name in part.schema.names]
    kept = [name in _MAY_BE_NULL for name in part.schema.names]
    named = tuple(zip(part.schema.names, kept, strict=True))
    encode = msgspec.json.Encoder().encode
    return [
        encode({name: value for (name, may_be_null), value in zip(named, row, strict=True) if value is not None or may_be_null})
        for row in zip(*columns, strict=True)
    ]


def _plain(column: Any) -> Any:
    """A column of JSON's types, with the same meaning."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import compute  # noqa: PLC0415

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        # without a zone the text has no offset, and is refused as any other such text is
        return column.cast(pa.timestamp("ms", kind.tz), safe=False).cast(pa.int64()) if kind.tz else column.cast(pa.string())
    if pa.types.is_floating(kind):
        return compute.if_else(compute.is_finite(column), column, None)
    if pa.types.is_decimal(kind):
        return pa.array([None if value is None else f"{value:f}" for value in column.to_pylist()])
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return column.cast(pa.string())
    return column
