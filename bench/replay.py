"""`tidegate replay` of a dense file, built-in policy, all outputs, one core -> records a second, and where the time goes.

    python -m bench.replay [--records 1000000] [--rounds 3] [--core 0] [--profile 40]

The rate is the summary's own: records over the time from the first byte read to the last window judged. CPU-seconds are those of
the process less those of replaying ten records: starting Python and drawing the report do not count, reading and judging do.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bench.bar import Target, bar_table
from bench.board import Part, Table, keep
from bench.child import ChildError, Ran, run
from bench.dense import Dense, write_file
from bench.spread import rates, spread

BAR = (Target(what="records/s in the first line, one core", key="replay_records_per_s", least=150_000, aim=250_000),)
DENSITIES = (4_000.0, 1_000.0, 100.0)
"""Records a second of event time; the first is what the target is about, the others show what a window costs."""
TIDEGATE = (sys.executable, "-m", "streams")


@dataclass(frozen=True, slots=True)
class Round:
    """One replay of a file.

    Attributes:
        wall_s: reading and judging, by the summary.
        cpu_s: of the process, less `start_cpu_s`, those of a replay of ten records.
        core_share: how much of its core the process got; well below 1 means that others ran there too.
    """

    records: int
    windows: float
    wall_s: float
    cpu_s: float
    start_cpu_s: float
    core_share: float
    resident_mb: float

    @property
    def per_s(self) -> float:
        """Records a second."""
        return self.records / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        """Records a CPU-second."""
        return self.records / self.cpu_s


def _replay(file: Path, core: int) -> tuple[Ran, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as out:
        ran = run([*TIDEGATE, "replay", str(file), "--out", out, "--json"], core=core)
    return ran, json.loads(ran.stdout)


def measure(densities: Sequence[Dense], *, rounds: int, core: int) -> dict[str, list[Round]]:
    """Rounds of each density, interleaved; by density."""
    found: dict[str, list[Round]] = {}
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        files = {dense: Path(folder) / f"dense-{dense.records_per_s:.0f}.jsonl" for dense in densities}
        for dense, file in files.items():
            write_file(dense, file)
        ten = Path(folder) / "ten.jsonl"
        with files[densities[0]].open("rb") as lines:
            ten.write_bytes(b"".join(islice(lines, 10)))
        for _ in range(rounds):
            start_cpu_s = _replay(ten, core)[0].cpu_s
            for dense, file in files.items():
                ran, told = _replay(file, core)
                cpu_s = ran.cpu_s - start_cpu_s
                its = Round(
                    told["usage_records"], dense.seconds / 10, told["wall_seconds"], cpu_s, start_cpu_s,
                    ran.cpu_s / ran.wall_s, ran.resident_mb,
                )  # fmt: skip
                found.setdefault(f"{dense.records_per_s:.0f}", []).append(its)
    return found


def profiled(dense: Dense, lines: int) -> str:
    """The functions that the replay of a file spends its time in, by own time, as cProfile prints them."""
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        file, kept = Path(folder) / "dense.jsonl", Path(folder) / "profile"
        write_file(dense, file)
        run([sys.executable, "-m", "cProfile", "-o", str(kept), "-m", "streams", "replay", str(file), "--out", f"{folder}/out"])
        show = f"import pstats; pstats.Stats({str(kept)!r}).strip_dirs().sort_stats('tottime').print_stats({lines})"
        return run([sys.executable, "-c", show]).stdout


def part(found: dict[str, list[Round]], command: str) -> Part:
    """What was measured, for people and programs."""
    rows = [
        (
            f"{int(density):,}",
            f"{rounds[0].records:,}",
            f"{rounds[0].windows:,.0f}",
            rates([each.per_s for each in rounds]),
            rates([each.per_cpu_s for each in rounds]),
            f"{spread([each.core_share for each in rounds])[1]:.2f}",
            f"{spread([each.resident_mb for each in rounds])[1]:.0f}",
        )
        for density, rounds in found.items()
    ]
    first = next(iter(found.values()))
    figures = {
        "replay_records_per_s": round(spread([each.per_s for each in first])[1]),
        "replay_records_per_cpu_s": round(spread([each.per_cpu_s for each in first])[1]),
    }
    columns = (
        "density, records/s", "records", "windows", "records/s", "records a CPU-s", "share of the core", "resident MB",
    )  # fmt: skip
    note = (
        f"min / median / max of {len(first)} interleaved rounds. Density is of event time. Where the share of the core is below 1, "
        "others ran there too."
    )
    return Part(
        name="replay",
        command=command,
        figures=figures,
        details={density: [asdict(each) for each in rounds] for density, rounds in found.items()},
        tables=[
            Table("Replay of a file of JSON lines, built-in policy, all outputs, one core", columns, rows, note),
            bar_table(BAR, figures),
        ],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description="Throughput of tidegate replay.")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--profile", type=int, metavar="LINES", help="print where the time goes, and measure nothing")
    told = parser.parse_args(arguments)
    try:
        if told.profile:
            print(profiled(Dense(records=told.records), told.profile))
            return 0
        densities = [Dense(records=max(1, round(told.records * min(1, each / 1_000))), records_per_s=each) for each in DENSITIES]
        found = measure(densities, rounds=told.rounds, core=told.core)
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    keep(part(found, f"python -m bench.replay --records {told.records} --rounds {told.rounds}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
