"""A broker with a disk of its own that can be filled: a small tmpfs where one may be mounted, else a limit on what it may write."""

import contextlib
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.kafka.broker import Node

SIZE_MB = 512
NUMBER = 1
"""Of the broker whose disk is small."""
FILLER = "filler"
PIECE = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of one broker.

    Attributes:
        folder: the broker's data.
        mounted: whether that is a file system of its own; else a full disk is played by the limit on the size of files, under
            which every write fails as well, with another code.
    """

    folder: Path
    mounted: bool

    def fill(self, node: Node) -> None:
        """From now on no write of the broker succeeds."""
        if not self.mounted:
            assert node.process is not None
            resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (0, 0))
            return
        with (self.folder / FILLER).open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while filler.write(PIECE):
                pass

    def empty(self) -> None:
        """There is room again; under a limit, for the next process."""
        (self.folder / FILLER).unlink(missing_ok=True)

    @classmethod
    def of(cls, data: Path) -> "Disk":
        """The disk that `small_disk` made under `data`."""
        folder = data / f"node-{NUMBER}"
        return cls(folder, folder.is_mount())


@contextlib.contextmanager
def small_disk(data: Path) -> Iterator[None]:
    """A disk for broker 1 of a cluster that keeps its data under `data`; made before the cluster is."""
    folder = data / f"node-{NUMBER}"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tidegate-chaos", str(folder)]
    mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
