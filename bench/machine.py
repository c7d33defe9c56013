"""This machine and what is installed on it -> the facts without which a measured figure means little."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from streams.plain import compiled

PACKAGES = ("tidegate", "aiokafka", "faust-streaming", "msgspec", "numpy", "river", "scipy", "uvicorn")


def versions() -> dict[str, str]:
    """Python, and the packages that matter for speed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def machine() -> dict[str, str | int | float]:
    """Processor, cores, memory, kernel, how busy others keep it, and whether our compiled part is there."""
    return {
        "scanner": "compiled" if compiled() else "not compiled",
        "processor": _first(r"^model name\s*:\s*(.+)$", "/proc/cpuinfo") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(_first(r"^MemTotal:\s*(\d+)", "/proc/meminfo") or 0) / 2**20, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_1min": round(os.getloadavg()[0], 1),
    }


def _first(pattern: str, path: str) -> str:
    file = Path(path)
    found = re.search(pattern, file.read_text(), re.MULTILINE) if file.exists() else None
    return found[1].strip() if found else ""
