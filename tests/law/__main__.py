"""The law over a million records -> tables, build/law.json.

    python -m tests.law [--part dealing --part kafka] [--seed N] [--small]

`--small` takes the stream of `make test`, to see that everything runs. The exit code is 1 when the law was broken anywhere.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.kafka.broker import Plan, running
from tests.kafka.service import service_on
from tests.law.board import JSON, SMALL_JSON, dealing_figures, dealing_table, kafka_figures, kafka_table, keep
from tests.law.crowd import APART, ONE, STANDBYS, THREE, TWO, Script
from tests.law.disturbed import Disturbed
from tests.law.log import Keying, arrive
from tests.law.matrix import Matrix, Went, ways
from tests.law.weather import sent
from tests.law.world import LARGE, SMALL, Size, policy, written_policy

PARTITIONS = 8
SCRIPTS = (
    Script(roles=ONE, kills=5, seed=1),
    Script(roles=TWO, kills=6, leaves=2, seed=2),
    Script(roles=THREE, kills=8, leaves=2, seed=3),
    Script(roles=APART, kills=8, leaves=2, seed=4),
    Script(roles=STANDBYS, kills=5, leaves=1, named=False, seed=5),
)


def dealing(size: Size, seed: int, folder: Path) -> bool:
    """The part in one process; whether the law held."""
    began_s = time.monotonic()
    matrix = Matrix(sent(size, seed), policy(folder))
    went: list[Went] = []
    for each in matrix.walk([*ways(again=True), *ways(late=True)]):
        went.append(each)
        tell(f"{each.way}: {each.wrong or 'as it should'}")
        keep("dealing", dealing_figures(matrix, went), seed=seed, seconds=time.monotonic() - began_s, path=path_of(size))
    dealing_table(went).show()
    return not any(each.wrong for each in went)


def kafka(size: Size, seed: int, folder: Path) -> bool:
    """The part on a real Kafka; whether the law held."""
    began_s = time.monotonic()
    log = arrive(sent(size, seed), seed, late=True)
    with running(Plan(full_speed=True, heap="1g"), folder) as cluster, service_on(cluster.bootstrap, "law.", folder) as service:
        stage = Disturbed(service, log, Keying.TENANT, PARTITIONS, written_policy(folder), folder)
        played = [stage.undisturbed]
        for script in SCRIPTS:
            played.append(stage.play(script))
            tell(f"{'  '.join(script.roles)}, {played[-1].count('kill')} kills: {played[-1].wrong or 'as it should'}")
            keep("kafka", kafka_figures(stage, played), seed=seed, seconds=time.monotonic() - began_s, path=path_of(size))
    kafka_table(played).show()
    return not any(each.wrong for each in played)


def path_of(size: Size) -> Path:
    """Where figures of a size are left: those of the small stream take no other's place."""
    return SMALL_JSON if size is SMALL else JSON


def tell(line: str) -> None:
    """Say on the way what is done."""
    print(line, file=sys.stderr, flush=True)


PARTS: Mapping[str, Callable[[Size, int, Path], bool]] = {"dealing": dealing, "kafka": kafka}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen parts."""
    parser = argparse.ArgumentParser(prog="python -m tests.law", description="The law of docs/law.md over a million records.")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="of the stream; another one is another stream")
    parser.add_argument("--small", action="store_true", help="the stream of the tests")
    told = parser.parse_args(arguments)
    held = []
    with contextlib.ExitStack() as stack:
        for name in told.part or PARTS:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-law-")))
            held.append(PARTS[name](SMALL if told.small else LARGE, told.seed, folder))
    print("the law held" if all(held) else "THE LAW WAS BROKEN")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
