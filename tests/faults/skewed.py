"""`python -m tests.faults.skewed FILE run ...`: the very worker of `tidegate run`, whose wall clock is as far off as FILE says.

FILE holds eight bytes, milliseconds as a signed integer; who writes to it sets the clock of a worker that runs. Monotonic time goes
on as ever, as it does when somebody sets a clock.
"""

import mmap
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

MILLISECONDS = struct.Struct("<q")


def set_clock(file: Path, ahead_ms: int) -> None:
    """Let the clock that follows a file be so far ahead of the right one."""
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), MILLISECONDS.size) as mapped:
        mapped[:] = MILLISECONDS.pack(ahead_ms)


def new_clock(file: Path) -> Path:
    """A file whose clock is right."""
    file.write_bytes(MILLISECONDS.pack(0))
    return file


def follow(file: Path) -> None:
    """Let the wall clock of this process follow a file."""
    with file.open("rb") as opened:
        mapped = mmap.mmap(opened.fileno(), MILLISECONDS.size, access=mmap.ACCESS_READ)

    def ahead_ns() -> int:
        return int(MILLISECONDS.unpack(mapped)[0]) * 1_000_000

    right_ns: Callable[[], int] = time.time_ns
    time.time_ns = lambda: right_ns() + ahead_ns()
    time.time = lambda: time.time_ns() / 1e9


if __name__ == "__main__":
    follow(Path(sys.argv[1]))
    from streams.__main__ import main

    del sys.argv[1]
    main()
