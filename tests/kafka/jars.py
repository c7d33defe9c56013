"""pom.xml -> a folder of jars, fetched once by Maven and shared by all checkouts of this machine."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")


def cache() -> Path:
    """Where things are kept that tests fetch once; `XDG_CACHE_HOME` moves it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidegate"


def kafka_jars() -> Path:
    """The folder of the broker's jars, of the version that pom.xml names; fetched when it is missing."""
    version = re.search(r"<kafka.version>(.+)</kafka.version>", POM.read_text())
    assert version
    jars = cache() / f"kafka-{version[1]}"
    if not jars.is_dir():
        fetch(jars)
    return jars


def fetch(jars: Path, pom: Path = POM) -> None:
    """Let Maven copy the jars of a pom.xml beside `jars`, then rename: two test runs at once do not see half a folder."""
    jars.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{jars.name}-", dir=jars.parent))
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished}"]
    subprocess.run(["mvn", "-q", "-B", "-f", str(pom), *goal], check=True, stdin=subprocess.DEVNULL)
    try:
        unfinished.rename(jars)
    except OSError:
        shutil.rmtree(unfinished)
        if not jars.is_dir():
            raise


if __name__ == "__main__":
    print(kafka_jars())
