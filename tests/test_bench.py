"""The benches run, and what they print is what they measured. How fast anything is, no test asks."""

import gzip
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from bench import board, detection, evidence, kafka, machine, replay, traces, worlds
from bench.child import ChildError, run
from bench.dense import Dense, write_file
from bench.jobs import Done, Job, run_jobs
from bench.kafka import Lengths, Took
from bench.spread import rates
from bench.trial import Answer, run_trial
from streams.simulate.load import scenario_of

REAL = Path(__file__).parents[2] / "shared" / "data" / "llm_traces"
SPIKE = {"kind": "token_spike", "at": "10m", "for": "5m", "scope": {"tenant": "acme"}, "by": "rate", "factor": 10}


def answer(found_s: float | None, paged_s: float | None = None, fault: str = "token_spike tenant=a factor=10") -> Answer:
    kind = fault.split(maxsplit=1)[0]
    return Answer(fault=fault, kind=kind, at_s=0.0, operations_per_s=1.0, found_s=found_s, paged_s=paged_s, detector="")


@pytest.fixture
def scenario():
    quiet = {"noise": {"sd": 0}, "bursts": {"per_day": 0}}
    tenants = [{"name": "acme", "operations_per_s": 2}]
    return scenario_of({"name": "small", "duration": "16m", "tenants": tenants, "faults": [SPIKE], **quiet})


def test_a_file_is_as_long_and_as_dense_as_was_asked_for(tmp_path):
    dense = Dense(records=4_000, records_per_s=200, tenants=5)
    records, size = write_file(dense, tmp_path / "dense.jsonl")
    stamps = [json.loads(line)["ts"] for line in (tmp_path / "dense.jsonl").read_text().splitlines()]
    assert (records, size) == (len(stamps), (tmp_path / "dense.jsonl").stat().st_size)
    assert 0.9 < records / 4_000 < 1.2
    assert 15_000 < sorted(stamps)[round(0.9 * records)] - min(stamps) < 25_000  # the last answers take a while


def test_a_child_is_measured_and_its_failure_told():
    ran = run([sys.executable, "-c", "print(sum(range(2_000_000)))"])
    assert ran.stdout == "1999999000000\n"
    assert ran.cpu_s > 0
    assert ran.resident_mb > 5
    with pytest.raises(ChildError, match="out of order"):
        run([sys.executable, "-c", "raise SystemExit('out of order')"])


def test_a_trial_tells_when_a_fault_was_found(scenario):
    outcome = run_trial(scenario)
    (found,) = outcome.answers
    assert found.fault == "token_spike tenant=acme factor=10"
    assert found.operations_per_s == 2
    assert found.found_s is not None
    assert 0 < found.found_s <= 120
    assert found.paged_s is None  # not warm


def test_outcomes_are_kept_and_taken_again(tmp_path, scenario):
    outcome = run_trial(scenario)
    job = Job("clean", 1, 1)
    (tmp_path / f"{job.name}.json").write_text(json.dumps({"code": "abc", "outcome": asdict(outcome)}))
    assert list(run_jobs([job], tmp_path, processes=1, resume=True)) == [Done(job, outcome, "abc")]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_faults_come_after_three_hours_and_far_apart(seed):
    for family in (worlds.spikes, worlds.storms, worlds.canaries):
        faults = family(seed).faults
        times = [fault.at for fault in faults]
        assert times[0] == worlds.HISTORY_S * 1000
        assert min(b - a - fault.for_ms for a, b, fault in zip(times, times[1:], faults, strict=False)) >= 900_000
        assert family(seed) == family(seed)


def test_every_busy_tenant_meets_every_spike_within_two_seeds():
    met = {(fault.scope, fault.by, fault.factor) for seed in (1, 2) for fault in worlds.spikes(seed).faults}
    assert len(met) == len(worlds.RATES) * 4


def test_clean_days_have_no_label():
    assert {fault.kind for fault in worlds.clean(1, 3).faults} == {"rollout"}


def test_a_promise_is_kept_only_when_everything_was_found():
    table, figures = detection.fault_table([answer(20.0), answer(40.0), answer(50.0)])
    assert figures["x10"]["kept"]
    assert figures["x10"]["p50_s"] == 40.0
    _, figures = detection.fault_table([answer(20.0), answer(None)])
    assert not figures["x10"]["kept"]
    storm = "retry_storm tenant=a amplification=3"
    _, figures = detection.fault_table([answer(20.0, fault=storm), answer(40.0, fault=storm)])
    assert not figures["storms"]["kept"]
    assert len({len(row) for row in (table.columns, *table.rows)}) == 1


def test_the_page_says_what_the_json_says(tmp_path):
    table = board.Table("Rates", ("program", "records/s"), [("tidegate", "100k")], "A note.")
    board.keep(
        board.Part(name="replay", command="x", figures={"replay_records_per_s": 5}, details={}, tables=[table]), tmp_path / "b.json"
    )
    known = json.loads((tmp_path / "b.json").read_text())
    assert known["replay_records_per_s"] == 5
    assert known["versions"] == machine.versions()
    board.write_page(tmp_path / "b.json", tmp_path / "page.md")
    assert "| tidegate | 100k |" in (tmp_path / "page.md").read_text()


def test_rates_are_read_easily():
    assert rates([131_000.0, 99_400.0, 120_000.0]) == "99k / 120k / 131k"
    assert rates([41.26]) == "41.3"


def test_replay_is_measured():
    found = replay.measure([Dense(records=3_000, records_per_s=300, tenants=3)], rounds=1, core=0)
    (ran,) = found["300"]
    assert ran.records > 1_000
    assert ran.per_s > 0
    part = replay.part(found, "python -m bench.replay")
    assert part.figures["replay_records_per_s"] == round(ran.per_s)


def test_evidence_is_shown_where_nothing_was_said(tmp_path, capsys):
    write_file(Dense(records=900, records_per_s=1, tenants=1), tmp_path / "thin.jsonl")
    assert evidence.main([str(tmp_path / "thin.jsonl"), "tenant=tenant-0", "--top", "3"]) == 0
    assert "share of threshold" in capsys.readouterr().out
    assert evidence.main([str(tmp_path / "thin.jsonl"), "tenant=nobody"]) == 1


@pytest.mark.kafka
@pytest.mark.slow
def test_everything_is_measured_on_a_real_kafka():
    dense = Dense(records=6_000, records_per_s=500, tenants=5)
    (found,), size = kafka.measure(Lengths(short=2_000, long=6_000, peer=500), rounds=1, dense=dense)
    assert found.faust.records == 500
    assert found.decode.records >= found.fetch.records > 0
    assert 300 < size < 600
    part = kafka.part([found], size, dense, "python -m bench.kafka")
    assert part.figures["ratio_faust_table"] == round(found.ratio, 1)


def test_rates_are_records_over_seconds():
    took = Took(100, 4.0, 2.0)
    assert (took.per_s, took.per_cpu_s) == (25.0, 50.0)


def real_traces():
    """The published traces lie beside the project on some machines; without them one empty case says so."""
    return sorted(REAL.glob("azure2023_*.csv.gz")) or [pytest.param(None, id="no-published-traces-here")]


@pytest.mark.parametrize("path", real_traces(), ids=lambda path: path.name if path else None)
def test_published_traces_become_records_that_replay_takes(path, tmp_path):
    if path is None:
        return
    out = tmp_path / "real.jsonl"
    assert traces.main([str(path), "--until", "120", "--out", str(out)]) == 0
    with gzip.open(path, "rt") as rows:
        expected = sum(float(line.split(",")[0]) < 120 for line in list(rows)[1:])
    ran = run([sys.executable, "-m", "streams", "replay", str(out), "--json"])
    assert json.loads(ran.stdout)["usage_records"] == expected
