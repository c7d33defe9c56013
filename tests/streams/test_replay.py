"""Whole runs of replay: totals against an independent recount, and the same answer however the stream was dealt."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from streams.__main__ import run
from streams.simulate.emit import open_sink
from streams.simulate.scenario import Scenario
from streams.simulate.traffic import Traffic, stream
from tests.streams.recount import PRICES, recount
from tests.streams.scenarios import scenario

POLICY = "version: 1\nwarm_up: {after: 3m, operations: 20}\nprices:\n" + "".join(
    f"  {model}: {{input_usd_per_mtok: '{i}', cached_input_usd_per_mtok: '{r}', cache_write_usd_per_mtok: '{w}', "
    f"output_usd_per_mtok: '{o}'}}\n"
    for model, (i, r, w, o) in PRICES.items()
)
STORM = {"kind": "retry_storm", "at": "6m", "for": "3m", "scope": {"tenant": "acme"}, "amplification": 4}


def written(its: Scenario, path: Path, partitions: int = 1) -> Path:
    sink = open_sink(path, partitions=partitions)
    for arrivals in stream(Traffic(its)):
        sink.write(arrivals)
    sink.close()
    return path


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "policy.yaml"
    path.write_text(POLICY)
    return path


def replayed(policy: Path, out: Path, *inputs: Path) -> dict:
    assert run(["replay", *map(str, inputs), "--policy", str(policy), "--out", str(out), "--json"]) == 0
    return json.loads((out / "summary.json").read_bytes())


def answers(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in ("anomalies.jsonl", "incidents.jsonl", "decisions.jsonl")]


def test_totals_equal_an_independent_recount_to_the_nano_dollar(policy, tmp_path):
    its = scenario(STORM, delivery={"duplicate_ratio": 0.05, "max_copies": 4})
    path = written(its, tmp_path / "usage.jsonl")
    summary = replayed(policy, tmp_path / "out", path)
    expected = recount(path.read_bytes().splitlines())
    assert {name: summary[name] for name in expected if name != "cost_usd"} == {
        n: v for n, v in expected.items() if n != "cost_usd"
    }
    assert Decimal(summary["cost_usd"]) == expected["cost_usd"] > 0
    assert summary["duplicates"] > 0


def test_other_partition_counts_give_the_same_bytes_when_nothing_is_late(policy, tmp_path):
    its = scenario(STORM)
    found = []
    for partitions in (1, 2, 5):
        recording = written(its, tmp_path / f"{partitions}.tgr", partitions)
        summary = replayed(policy, tmp_path / str(partitions), recording)
        assert summary["late_records"] == 0
        found.append(answers(tmp_path / str(partitions)))
    assert found[0] == found[1] == found[2]
    assert found[0][0].count(b'"retry_storm"') >= 1


def test_two_files_are_two_partitions(policy, tmp_path):
    first, second = (written(scenario(seed=seed), tmp_path / f"{seed}.jsonl") for seed in (1, 2))
    summary = replayed(policy, tmp_path / "out", first, second)
    one, two = (recount(path.read_bytes().splitlines()) for path in (first, second))
    assert Decimal(summary["cost_usd"]) == one["cost_usd"] + two["cost_usd"]


@pytest.mark.parametrize(("severity", "code"), [("critical", 3), (None, 0)])
def test_exit_3_only_as_the_flag_asks(policy, tmp_path, severity, code):
    path = written(scenario(STORM), tmp_path / "usage.jsonl.gz")
    flags = ["--fail-on", severity] if severity else []
    assert run(["replay", str(path), "--policy", str(policy), *flags]) == code


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["missing.jsonl"], "missing.jsonl"),
        (["usage.csv"], "usage.csv"),
        (["kafka://127.0.0.1"], "kafka://"),
        (["kafka://127.0.0.1:9/telemetry?since=1"], "since"),
    ],
    ids=["no such file", "unknown ending", "no topic", "unknown key"],
)
def test_wrong_input_is_one_clear_line_and_exit_2(arguments, complaint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["replay", *arguments]) == 2
    line = capsys.readouterr().err
    assert complaint in line
    assert line.count("\n") == 1
    assert "Traceback" not in line
