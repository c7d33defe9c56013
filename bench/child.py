"""A command line -> it runs as a process of its own; its CPU time, wall time and memory, as the kernel counted them."""

import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


class ChildError(RuntimeError):
    """The process did not end well; the message holds the end of what it said."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One finished process.

    Attributes:
        cpu_s: user and system time of all its threads, and of children that it waited for.
        resident_mb: the most memory that it had, in MB, until it ended or shortly before.
    """

    stdout: str
    wall_s: float
    cpu_s: float
    resident_mb: float


def run(
    command: Sequence[str], *, core: int | None = None, timeout_s: float = 1800.0, environ: Mapping[str, str] | None = None
) -> Ran:
    """Run a command in the project's folder, pinned to one core if one is named.

    Raises:
        ChildError: when its exit code is not 0, or it takes longer than `timeout_s`.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began_s = time.perf_counter()
        pinned = ["taskset", "-c", str(core), *command] if core is not None else list(command)
        process = subprocess.Popen([*guard(), *pinned], stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **(environ or {})})
        status, usage, resident_mb = _wait(process, began_s + timeout_s)
        wall_s = time.perf_counter() - began_s
        out.seek(0)
        err.seek(0)
        stdout, stderr = out.read().decode(), err.read().decode()
    if status != 0:
        raise ChildError(f"{' '.join(command)} ended with {status} after {wall_s:.0f} s:\n{stdout[-1000:]}{stderr[-3000:]}")
    return Ran(stdout, wall_s, usage.ru_utime + usage.ru_stime, resident_mb)


def guard() -> list[str]:
    """What ends a process with whoever started it, where there is such a thing: one that is left behind spoils what comes next."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def peak_mb(pid: int) -> float:
    """The most memory that a process has had by now, in MB; 0 when it has ended.

    The kernel's figure for a child that has ended is no less than what its parent had when it was started.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def resident_mb() -> float:
    """How much memory this process has now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(pid: int) -> float:
    """User and system time of a running process and all its threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait(process: "subprocess.Popen[bytes]", deadline_s: float) -> tuple[int, resource.struct_rusage, float]:
    resident_mb = 0.0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage, resident_mb or usage.ru_maxrss / 1000
        resident_mb = max(resident_mb, peak_mb(process.pid))
        if time.perf_counter() > deadline_s:
            process.kill()
        time.sleep(0.02)
