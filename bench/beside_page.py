"""Rounds of Tidegate and its peers -> ratios of each round, figures, and the tables for people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.bar import Target, bar_table
from bench.board import Part, Table
from bench.dense import Dense
from bench.peers.programs import HERE, PEERS
from bench.peers.telemetry import PARTITIONS
from bench.spread import rates, spread
from bench.took import Took

TITLES = {
    "fetch": "aiokafka getmany alone",
    "decode": "msgspec decode alone",
    "full": "Tidegate, `tidegate run` in full",
    "one_rollup": "Tidegate, one roll-up, no detector",
    **{name: peer.title for name, peer in PEERS.items()},
}
SAME_JOB = ("quix", "bytewax", "kafka_streams", "flink_sql")
"""Whom Tidegate cut to one roll-up is compared with. The Faust programs, as from the beginning, with Tidegate in full."""

BAR = (
    Target(what="Tidegate in full, records a CPU-second", key="full_records_per_cpu_s", least=80_000, aim=130_000),
    Target(what="in full, over the obvious Faust program", key="ratio_faust_table", least=40, aim=60),
    Target(what="same roll-up, over Kafka Streams", key="ratio_kafka_streams", least=1.2, aim=1.8),
    Target(what="same roll-up, over Flink SQL", key="ratio_flink_sql", least=0.8, aim=1.2),
    Target(what="memory at many scopes, of Kafka Streams'", key="rss_ratio_kafka_streams", least=0.333, aim=0.167, most=True),
    Target(what="memory at many scopes, of Flink SQL's", key="rss_ratio_flink_sql", least=0.333, aim=0.167, most=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Round:
    """What each program took in one round, and the most memory that it had."""

    took: Mapping[str, Took]
    resident_mb: Mapping[str, float]

    @property
    def limit_per_cpu_s(self) -> float:
        """Records a CPU-second of a program that only fetches and decodes."""
        return 1 / (1 / self.took["fetch"].per_cpu_s + 1 / self.took["decode"].per_cpu_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that was measured. `crowded_mb` is the most memory of each program at `scopes` tenants, by round."""

    rounds: Sequence[Round]
    crowded_mb: Mapping[str, Sequence[float]]
    scopes: int
    record_bytes: float
    dense: Dense

    def over(self, ours: str, name: str) -> list[float]:
        """Records a CPU-second of one program over another's, by round."""
        return [each.took[ours].per_cpu_s / each.took[name].per_cpu_s for each in self.rounds]

    def over_by_wall(self, ours: str, name: str) -> list[float]:
        """Records a second of one program over another's, by round."""
        return [each.took[ours].per_s / each.took[name].per_s for each in self.rounds]

    def over_limit(self, ours: str) -> list[float]:
        """Records a CPU-second of a program over fetching and decoding alone, by round."""
        return [each.took[ours].per_cpu_s / each.limit_per_cpu_s for each in self.rounds]

    @property
    def peers(self) -> list[str]:
        """Those that took part."""
        return [name for name in self.rounds[0].took if name in PEERS]


def _median(values: Sequence[float]) -> float:
    return spread(values)[1]


def figures_of(found: Found) -> dict[str, Any]:
    """The figures for the top of build/bench.json."""
    figures: dict[str, Any] = {
        "full_records_per_cpu_s": round(_median([each.took["full"].per_cpu_s for each in found.rounds])),
        "one_rollup_records_per_cpu_s": round(_median([each.took["one_rollup"].per_cpu_s for each in found.rounds])),
        "ratio_raw_limit": round(_median(found.over_limit("one_rollup")), 3),
        "ratio_raw_limit_full": round(_median(found.over_limit("full")), 3),
    }
    for name in found.peers:
        ours = "one_rollup" if name in SAME_JOB else "full"
        other = "full" if name in SAME_JOB else "one_rollup"
        figures[f"ratio_{name}"] = round(_median(found.over(ours, name)), 2)
        figures[f"ratio_{name}_by_wall"] = round(_median(found.over_by_wall(ours, name)), 2)
        figures[f"ratio_{name}_{other}"] = round(_median(found.over(other, name)), 2)
        figures[f"{name}_records_per_cpu_s"] = round(_median([each.took[name].per_cpu_s for each in found.rounds]))
        if name in found.crowded_mb:
            most_mb = _median(found.crowded_mb[name])
            figures[f"rss_ratio_{name}"] = round(_median(found.crowded_mb["one_rollup"]) / most_mb, 3)
            figures[f"rss_ratio_{name}_full"] = round(_median(found.crowded_mb["full"]) / most_mb, 3)
    return figures


def _rates(found: Found) -> Table:
    rows = []
    for name, its in found.rounds[0].took.items():
        alone = name in ("fetch", "decode")
        rows.append(
            (
                TITLES[name],
                rates([each.took[name].per_cpu_s for each in found.rounds]),
                rates([each.took[name].per_s for each in found.rounds]),
                f"{its.records:,}",
                "-" if alone else f"{_median([each.resident_mb[name] for each in found.rounds]):.0f}",
                " / ".join(f"{each:.0f}" for each in spread(found.crowded_mb[name])) if name in found.crowded_mb else "-",
            )
        )
    columns = (
        "program", "records a CPU-s", "records/s by wall", "records a round", f"MB, {found.dense.tenants} tenants",
        f"MB, {found.scopes:,} tenants" if found.crowded_mb else "MB, many tenants",
    )  # fmt: skip
    note = (
        f"min / median / max of {len(found.rounds)} interleaved rounds; {PARTITIONS} partitions, records of "
        f"{found.record_bytes:.0f} bytes keyed by tenant, {found.dense.records_per_s:,.0f} records/s of event time. A peer's "
        f"answer equalled a recount in every run. Memory is the peak of a run, of few tenants the "
        f"median. {'; '.join(versions())}."
    )
    return Table("One task, one broker", columns, rows, note)


def _ratios(found: Found) -> Table:
    rows = [
        (
            TITLES[name],
            rates(found.over("one_rollup", name)),
            rates(found.over("full", name)),
            rates(found.over_by_wall("one_rollup", name)),
            rates(found.over_by_wall("full", name)),
        )
        for name in found.peers
    ]
    limit = ("fetch + decode, nothing else", rates(found.over_limit("one_rollup")), rates(found.over_limit("full")), "-", "-")
    columns = ("Tidegate over", "one roll-up, by CPU", "in full, by CPU", "one roll-up, by wall", "in full, by wall")
    note = (
        "In full means eleven roll-ups, eight of them with histograms, dedupe, detectors, decisions, blocks, snapshots and "
        "commits, against the peer's one roll-up; with one roll-up dedupe, prices, histograms, blocks, snapshots and commits stay."
    )
    return Table("Ratios", columns, [*rows, limit], note)


def versions() -> list[str]:
    """What the peers are, as their lock file and pom.xml files say."""
    lock = (HERE / "requirements.lock").read_text()
    named = [f"{name} {re.search(rf'^{name}==(.+?) ', lock, re.MULTILINE)[1]}" for name in ("quixstreams", "bytewax")]  # type: ignore[index]
    streams, flink = ((HERE / folder / "pom.xml").read_text() for folder in ("kafka_streams", "flink_sql"))
    kafka = re.search(r"<artifactId>kafka-streams</artifactId>\s*<version>(.+)</version>", streams)
    sql = re.search(r"<flink.version>(.+)</flink.version>", flink)
    assert kafka
    assert sql
    return [*named, f"Kafka Streams {kafka[1]}", f"Flink {sql[1]}"]


def part(found: Found, command: str) -> Part:
    """What was measured, for people and programs."""
    figures = figures_of(found)
    details = {
        "rounds": [asdict(each) for each in found.rounds],
        "crowded_mb": found.crowded_mb,
        "record_bytes": found.record_bytes,
        "dense": asdict(found.dense),
        "versions": versions(),
    }
    tables = [_rates(found), _ratios(found), bar_table(BAR, figures)]
    return Part(name="peers", command=command, figures=figures, details=details, tables=tables)
