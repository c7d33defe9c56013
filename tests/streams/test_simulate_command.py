import json
import os
import subprocess
import sys

import pytest

from streams.__main__ import run
from streams.source import RecordingReader, open_sources

SCENARIO = "version: 1\nduration: 2m\ntenants: 4\nfaults:\n  - {kind: token_spike, at: 1m, for: 30s, factor: 5}\n"


@pytest.fixture
def scenario(tmp_path):
    (tmp_path / "s.yaml").write_text(SCENARIO)
    return str(tmp_path / "s.yaml")


def read(path):
    return [value for source in open_sources(path) for batch in source.batches() for value in batch.values]


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_the_same_seed_writes_the_same_file(tmp_path, scenario, ending):
    paths = [tmp_path / f"{name}{ending}" for name in "ab"]
    for path in paths:
        assert run(["simulate", scenario, "--seed", "5", "--out", str(path)]) == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(read(paths[0])) > 300


def test_the_bytes_do_not_hang_on_the_process(tmp_path, scenario):
    for seed in "12":
        command = [sys.executable, "-m", "streams", "simulate", scenario, "--out", str(tmp_path / f"{seed}.jsonl")]
        subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True)
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


def test_a_recording_keeps_the_records_with_their_arrivals_in_partitions(tmp_path, scenario):
    lines, recording = tmp_path / "a.jsonl", tmp_path / "a.tgr"
    run(["simulate", scenario, "--out", str(lines)])
    run(["simulate", scenario, "--out", str(recording), "--partitions", "3"])
    assert RecordingReader(recording).header.partitions == 3
    assert sorted(read(recording)) == sorted(read(lines))


def test_labels_and_figures_are_told(tmp_path, scenario, capsys):
    labels, out = tmp_path / "labels.jsonl", tmp_path / "a.jsonl"
    assert run(["simulate", scenario, "--out", str(out), "--labels", str(labels), "--start", "2026-05-01T00:00:00Z", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["usage_records"] == len(read(out))
    assert json.loads(labels.read_text())["start"] == "2026-05-01T00:01:00Z"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--out", "x.jsonl", "--bootstrap", "h:1"],
        ["--out", "x.csv"],
        ["--out", "x.jsonl", "--start", "soon"],
        ["--out", "x.jsonl", "--speed", "0"],
        ["--out", "/no/such/folder/x.jsonl"],
        ["--bootstrap", "nonsense"],
    ],
    ids=["nowhere", "both", "ending", "start", "speed", "folder", "address"],
)
def test_wrong_use_is_one_clear_line_and_exit_code_2(scenario, capsys, monkeypatch, tmp_path, arguments):
    monkeypatch.chdir(tmp_path)
    assert run(["simulate", scenario, *arguments]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("tidegate: ")
    assert len(printed.splitlines()) == 1


def test_a_bad_scenario_is_named_with_its_line(tmp_path, capsys):
    (tmp_path / "bad.yaml").write_text("tenants: 2\nsede: 3\n")
    assert run(["simulate", str(tmp_path / "bad.yaml"), "--out", str(tmp_path / "x.jsonl")]) == 2
    assert "bad.yaml:2: sede: is not a key of scenarios" in capsys.readouterr().err
