"""A file, plain, gzip or zstd -> blocks of its bytes; a file that is cut short or damaged is an error that names it."""

import zlib
from collections.abc import Callable, Iterator
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import BinaryIO

import zstandard

from streams.errors import InputError

BLOCK_BYTES = 1 << 18
"""What stays in a processor's cache while it is cut into lines."""
_COMPRESSED_BYTES = 1 << 16


def open_input(path: Path) -> BinaryIO:
    """A file opened for reading.

    Raises:
        InputError: when there is none, or it may not be read.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or type(error).__name__}") from None


def blocks(path: Path, on_position: Callable[[int], None]) -> Iterator[bytes]:
    """What a file holds, by its suffix `.gz`, `.zst` or any other, in blocks of about BLOCK_BYTES.

    Args:
        path: the file.
        on_position: told how many bytes of the file on disk were read.

    Raises:
        InputError: when it cannot be read, or its end is missing.
    """
    read = {".gz": _gzip, ".zst": _zstd}.get(path.suffix, _plain)
    with open_input(path) as file:
        try:
            for block in read(file):
                on_position(file.tell())
                yield block
        except (EOFError, BadGzipFile, zlib.error, zstandard.ZstdError) as error:
            raise InputError(f"{path}: is cut short or damaged: {error}") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    with GzipFile(fileobj=file) as stream:
        while block := stream.read(BLOCK_BYTES):
            yield block


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    """Frame by frame: zstandard's own reader takes a missing end for the end."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    while part := file.read(_COMPRESSED_BYTES):
        while part:
            begun = True
            if block := frame.decompress(part):
                yield block
            part = frame.unused_data
            if frame.eof:
                frame, begun = zstandard.ZstdDecompressor().decompressobj(), False
    if begun:
        raise EOFError("the last frame has no end")
