"""A folder with pom.xml and OneRollup.java -> the command line that runs it: jars by Maven, compiled by ecj, so that a JRE does."""

import hashlib
import subprocess
from pathlib import Path

from bench.child import ChildError
from bench.peers.python import HOME
from tests.kafka.jars import cache, fetch

MAIN = "OneRollup"
COMPILER = "org.eclipse.jdt.internal.compiler.batch.Main"
OPENED = ("java.base/java.util=ALL-UNNAMED", "java.base/java.lang=ALL-UNNAMED")
"""What Flink's own start script opens to it on Java 17."""


def jvm(source: Path, *, heap: str, folder: Path) -> list[str]:
    """Everything up to the program's own arguments; `folder` is for its temporary files.

    Jars are shared by all checkouts of this machine, as the broker's are.

    Raises:
        ChildError: when the program does not compile.
    """
    pom = source / "pom.xml"
    jars = cache() / f"{source.name}-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    if not jars.is_dir():
        fetch(jars, pom)
    classes = _compiled(source / f"{MAIN}.java", jars)
    opened = [f"--add-opens={each}" for each in OPENED]
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    # Throughput is what is asked for, and that is what the parallel collector is for; G1, the default, trades it for short pauses.
    return [
        "java",
        f"-Xmx{heap}",
        "-XX:+UseParallelGC",
        quiet,
        f"-Djava.io.tmpdir={folder}",
        *opened,
        "-cp",
        f"{classes}:{jars}/*",
        MAIN,
    ]


def _compiled(source: Path, jars: Path) -> Path:
    classes = HOME / f"{source.parent.name}-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if not classes.is_dir():
        path = ":".join(map(str, sorted(jars.glob("*.jar"))))
        compiler = ["java", "-cp", path, COMPILER, "-17", "-nowarn", "-cp", path, "-d", str(classes), str(source)]
        ran = subprocess.run(compiler, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise ChildError(f"{source} does not compile: {ran.stdout}{ran.stderr}")
    return classes
