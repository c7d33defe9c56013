"""requirements.lock -> an environment of the Python peers' own, made once; what they need does not go with what Tidegate needs."""

import hashlib
import subprocess
import sys
from pathlib import Path

from bench.child import ROOT, ChildError

LOCK = Path(__file__).with_name("requirements.lock")
UV = ROOT / "build" / "tools" / "bin" / "uv"
HOME = ROOT / "build" / "peers"


def python() -> Path:
    """The interpreter of the environment, which is made when it is missing or the lock file another.

    Raises:
        ChildError: when uv is missing or what the lock file names cannot be had.
    """
    mark = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    venv = HOME / f"venv-{mark}"
    if not (venv / "done").exists():
        _uv("venv", "-q", "--allow-existing", "--python", sys.executable, str(venv))
        _uv("pip", "sync", "-q", "--compile-bytecode", "--require-hashes", "--python", str(venv), str(LOCK))
        (venv / "done").touch()
    return venv / "bin" / "python"


def _uv(*arguments: str) -> None:
    if not UV.exists():
        raise ChildError(f"{UV} is missing: `make dev` installs it")
    ran = subprocess.run([UV, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ChildError(f"the environment of the Python peers cannot be made: {ran.stderr[-1000:]}")


if __name__ == "__main__":
    print(python())
