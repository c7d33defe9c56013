"""All benches, one after the other -> tables, build/bench.json, docs/benchmarks.md.

    python -m bench [--part kafka --part peers ...] [--quick]

`--quick` measures little, to see that everything runs, and leaves docs/benchmarks.md as it is. Options of a single bench are those
of its own command: `python -m bench.kafka --help`, `python -m bench.beside --help` and so on.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from bench import beside, detection, kafka, latency, replay, restore, scopes, turnover, workers
from bench.board import PARTS, write_page

BENCHES: Mapping[str, Callable[[Sequence[str]], int]] = {
    "kafka": kafka.main,
    "peers": beside.main,
    "latency": latency.main,
    "workers": workers.main,
    "restore": restore.main,
    "scopes": scopes.main,
    "turnover": turnover.main,
    "replay": replay.main,
    "detection": detection.main,
}
QUICK: Mapping[str, tuple[str, ...]] = {
    "kafka": ("--rounds", "1", "--short", "50000", "--long", "150000", "--peer", "5000"),
    "peers": ("--rounds", "1", "--scale", "0.05", "--scopes", "0"),
    "latency": ("--scopes", "300", "--records-per-s", "300", "--warm", "330", "--spikes", "20"),
    "workers": ("--rounds", "1", "--records", "200000"),
    "restore": ("--records", "50000"),
    "scopes": ("--tenants", "500", "--tenants", "5000", "--windows", "2"),
    "turnover": ("--tenants", "1000", "--days", "3", "--limit", "1000"),
    "replay": ("--rounds", "1", "--records", "100000"),
    "detection": ("--seeds", "1", "--days", "1", "--stretch", "1"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benches; the worst of their exit codes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Throughput, memory and detection quality, as tables.")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help="little of everything; docs/benchmarks.md stays as it is")
    told = parser.parse_args(arguments)
    codes = [BENCHES[name](QUICK[name] if told.quick else ()) for name in told.part or PARTS]
    if not told.quick:
        write_page()
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
