"""State of a stage (dicts, lists, numbers, text, bytes, numpy arrays) -> bytes, and back to equal values."""

from typing import Any

import msgspec
import numpy as np
import zstandard

_ARRAY = 1
_BIG_INTEGER = 2
_LIMIT = 2**63


def pack(value: Any) -> bytes:
    """Compressed MessagePack. Tuples come back as lists, numpy scalars as Python numbers.

    Raises:
        TypeError: when something in it is of another type.

    >>> unpack(pack({"a": [1, 2**80, b"x", None], 7: np.arange(3)}))
    {'a': [1, 1208925819614629174706176, b'x', None], 7: array([0, 1, 2])}
    """
    try:
        raw = msgspec.msgpack.encode(value, enc_hook=_encode)
    except OverflowError:
        raw = msgspec.msgpack.encode(_without_big_integers(value), enc_hook=_encode)
    return zstandard.ZstdCompressor(level=1).compress(raw)


def unpack(data: bytes) -> Any:
    """What `pack` was given."""
    return msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(data), ext_hook=_decode)


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.hasobject is False and value.dtype.names is None:
        described = msgspec.msgpack.encode([value.dtype.str, value.shape, np.ascontiguousarray(value).tobytes()])
        return msgspec.msgpack.Ext(_ARRAY, described)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"state holds a {type(value).__name__}")


def _decode(code: int, data: memoryview) -> Any:
    if code == _BIG_INTEGER:
        return int(bytes(data))
    dtype, shape, content = msgspec.msgpack.decode(data)
    return np.frombuffer(content, dtype=dtype).reshape(shape).copy()


def _without_big_integers(value: Any) -> Any:
    if isinstance(value, int) and not -_LIMIT <= value < _LIMIT:
        return msgspec.msgpack.Ext(_BIG_INTEGER, str(value).encode())
    if isinstance(value, dict):
        return {key: _without_big_integers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_big_integers(item) for item in value]
    return value
